"""Tells other programs what happens, by HTTP."""
