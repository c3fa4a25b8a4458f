"""The networks, one builder a file."""
