"""The folder of what is worth keeping and can be lost: measured rates, where sweeps were submitted to."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """RHM_SWEEP_CACHE, else XDG_CACHE_HOME/rhm-sweeps, else ~/.cache/rhm-sweeps."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rhm-sweeps"
    return Path(os.environ.get("RHM_SWEEP_CACHE") or default)
