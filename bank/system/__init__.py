"""The catalogue of the system, made from the code: what there is, what leads to what, and how to hand it out."""
