"""Sweeps from Python: plan, train, steer and read them, in a script or a notebook."""

import warnings

with warnings.catch_warnings():
    # In a notebook tqdm, which Optuna imports, asks for ipywidgets, which nothing here needs.
    warnings.filterwarnings("ignore", "IProgress not found")
    from rhm_sweeps.sweep.sweep import Sweep

__all__ = ["Sweep"]
