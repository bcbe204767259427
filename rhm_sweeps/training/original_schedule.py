"""The tables of the diffusion in a state dict of the original code: what they say, and what they contradict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def schedule_of(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """What the table `alpha_t` = 1 - beta_t, t = 0..T, says of `timesteps`, `beta1` and `beta2`; nothing if there is none."""
    alpha = state.get("alpha_t")
    if alpha is None or alpha.ndim != 1 or len(alpha) < 2:
        return {}
    beta1, beta2 = (float(f"{1.0 - float(alpha[t]):.4g}") for t in (0, -1))
    return {"timesteps": len(alpha) - 1, "beta1": beta1, "beta2": beta2}


def schedule_problems(state: Mapping[str, Tensor], timesteps: int, beta1: float, beta2: float) -> list[str]:
    """Say which tables of the diffusion contradict a linear noise schedule; tables of an unknown name by their length alone."""
    betas = torch.linspace(beta1, beta2, timesteps + 1, dtype=torch.float64)
    alpha_bar = (1 - betas).cumprod(0)
    theirs = {"alpha_t": 1 - betas, "alphabar_t": alpha_bar}
    known = theirs | {"beta_t": betas, "betas": betas, "alphas": 1 - betas, "alphas_cumprod": alpha_bar}
    problems = []
    for name, table in state.items():
        if table.ndim != 1 or name.startswith("model.") or len(table) < 2:
            continue
        if len(table) - 1 != timesteps and (name in theirs or len(table) != timesteps):
            problems.append(
                f"`{name}` has {len(table)} entries, but must have T + 1 = {timesteps + 1}; set `timesteps`"
            )
        elif name in known and not math.isclose(float(table[-1]), float(known[name][-1]), rel_tol=1e-3):
            value, expected = float(table[-1]), float(known[name][-1])
            problems.append(
                f"`{name}` ends at {value:.4g}, but beta1 = {beta1:g} and beta2 = {beta2:g} give {expected:.4g}"
            )
    return problems
