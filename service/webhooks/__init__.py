"""Sends events to other programs, by HTTP."""
