"""This installation's code in one folder, as it travels to a cluster that has another version or none."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

PACKAGES = ("rhm_sweeps", "rhm_sweeps.cli", "rhm_sweeps.search_spaces")
"""In a repository the last two lie elsewhere than in the first."""


def copy_code(folder: Path) -> Path:
    """Copy the package into a folder and return where it is; nothing but sources, so that equal code is equal there."""
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        for place in (spec.submodule_search_locations or []) if spec else []:
            left_out = shutil.ignore_patterns("__pycache__", "*.pyc", "*.nb?")
            shutil.copytree(place, folder.joinpath(*name.split(".")), ignore=left_out, dirs_exist_ok=True)
    return folder / PACKAGES[0]
