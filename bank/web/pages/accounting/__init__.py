"""The books in double entry: trial balance, general ledger, journal, each leading to the one behind it."""
