"""Raises alerts by the rules of the settings."""
