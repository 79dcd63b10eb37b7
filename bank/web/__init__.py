"""The web door: task-based pages for customers and staff."""
