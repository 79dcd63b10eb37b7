"""The import of the PKDD'99 financial data set: a real bank's movements through the command handler."""
