"""Packs: trials of one shape that train as one vectorized model, from their start to what each member leaves."""
