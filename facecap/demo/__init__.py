"""A short clip made on the spot from one public-domain photograph: a visit bare-faced, a visit with a mask."""
