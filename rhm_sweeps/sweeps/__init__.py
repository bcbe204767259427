"""Sweeps: planned, driven, steered while they run, and gone on with."""
