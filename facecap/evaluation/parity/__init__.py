"""One golden set of frames through every way the product runs, and how far the captures differ."""
