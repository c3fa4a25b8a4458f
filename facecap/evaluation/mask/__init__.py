"""Figures of mask classifiers."""
