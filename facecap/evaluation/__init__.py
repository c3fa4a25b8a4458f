"""Figures of the shipped models, measured through the production code."""
