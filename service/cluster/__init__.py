"""Cameras at work on a Ray cluster: `cameras` hands their frames to actors, which are placed by Ray."""
