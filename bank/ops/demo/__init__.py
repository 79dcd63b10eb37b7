"""The demo bank: a dozen customers, months of movements and a log-in for every role, made from a fixed seed."""
