"""The write side: commands, events, deciders and the command handler; the only place where a business rule stands."""
