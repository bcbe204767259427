"""Which swept parameter matters: curves, shares of variance, comparisons."""
