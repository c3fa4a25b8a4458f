"""Figures of detectors on annotated pictures."""
