"""HTTP routes, one group a file; each file has a `router`."""
