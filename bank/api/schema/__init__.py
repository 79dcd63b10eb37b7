"""The contract as a document: OpenAPI 3.1, made from what the views themselves declare."""
