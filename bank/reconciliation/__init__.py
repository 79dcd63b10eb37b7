"""The standing reconciliation: what the bank keeps twice is compared every minute, at the same position."""
