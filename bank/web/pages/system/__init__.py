"""The catalogue of the system as pages: what leads to what, drawn, and a page for each thing."""
