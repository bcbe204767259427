"""What every test can rely on: one thread, plain output 120 columns wide, no settings from outside."""

from __future__ import annotations

import os

from hypothesis import settings

# Done here and not in a fixture: torch, matplotlib and Rich read them when they are first imported.
FOREIGN_PREFIXES = ("RHM_SWEEP_", "MLFLOW_", "RAY_", "SLURM_", "FORCE_COLOR", "GITHUB_ACTIONS")
for name in [name for name in os.environ if name.startswith(FOREIGN_PREFIXES)]:
    del os.environ[name]
os.environ |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg", "NO_COLOR": "1", "COLUMNS": "120"}

# The same examples in each run, so that a red gate stays red; `pytest --hypothesis-profile=default` explores.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.load_profile("gate")
