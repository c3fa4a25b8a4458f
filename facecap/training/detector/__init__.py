"""Training of face detectors."""
