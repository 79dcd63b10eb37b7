"""Pages that show: each reads from the read side and changes nothing."""
