"""The pages of those who keep the bank running."""
