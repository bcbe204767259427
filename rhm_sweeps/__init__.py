"""Sweeps of diffusion models trained on the Random Hierarchy Model."""

from rhm_sweeps.version import __version__

__all__ = ["__version__"]
