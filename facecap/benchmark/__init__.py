"""Side-by-side measurements: every figure is a ratio of pairs taken in turn in one run."""
