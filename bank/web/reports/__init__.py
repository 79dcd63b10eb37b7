"""What each report shows: its filters, its figures as tables, and which of them are drawn."""
