"""The auditors' rooms."""
