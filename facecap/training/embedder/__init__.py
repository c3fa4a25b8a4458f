"""Training of embedders."""
