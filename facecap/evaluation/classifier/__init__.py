"""Figures of classifiers of any classes."""
