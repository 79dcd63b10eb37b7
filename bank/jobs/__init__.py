"""Long jobs in a worker of their own, what became of them, and when scheduled tasks last ran."""
