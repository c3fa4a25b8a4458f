"""Training of mask classifiers."""
