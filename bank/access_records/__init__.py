"""Access records: who of the bank's people looked at which customer's data, where and when."""
