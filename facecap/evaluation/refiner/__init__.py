"""Figures of refiners."""
