"""Training of refiners: the crops they learn from, and the network."""
