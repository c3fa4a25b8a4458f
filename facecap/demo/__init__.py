"""A short clip made on the spot from one public-domain photograph: one visit bare-faced, one with a mask."""
