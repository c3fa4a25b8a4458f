"""Figures of embedders."""
