"""The HTTP API: JSON over the same commands and read models as the pages."""
