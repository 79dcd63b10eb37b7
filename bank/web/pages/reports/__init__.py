"""The pages of figures: the dashboard, the index of reports, and one shape for each report."""
