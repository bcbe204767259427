"""Sweeps from Python: plan, train, steer and read them, in a script or a notebook."""

from rhm_sweeps.sweep.sweep import Sweep

__all__ = ["Sweep"]
