"""The resources, one file a kind."""
