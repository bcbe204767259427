"""Forward-backward tables with known answers: sigmoids of overlap and parabolas of susceptibility."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

NOISE = np.linspace(0.02, 0.98, 25)
RESAMPLES = 60


def curves(threshold: np.ndarray, peak_noise: np.ndarray, peak: np.ndarray, levels: int) -> dict[str, np.ndarray]:
    """Curves of several resamples, one after the other."""
    threshold, peak_noise, peak = (values[:, None] for values in (threshold, peak_noise, peak))
    overlap = 1 / (1 + np.exp((NOISE - threshold) / 0.05))
    known = (3 * overlap + 1) / 4
    chi = peak - 2 * (NOISE - peak_noise) ** 2
    shares = {f"unchanged_{level}": known ** (level / levels) for level in range(1, levels + 1)}
    tokens = 1 - known**0.5
    found = {"class_flip": 1 - known, "overlap": overlap, "tokens_changed": tokens, "susceptibility": chi,
             "correlation_length": chi - 1, **shares}  # fmt: skip
    return {name: values.ravel() for name, values in found.items()}


def table(
    source: str,
    threshold: float,
    peak: tuple[float, float] = (0.4, 2.0),
    *,
    layers: int = 3,
    signature: str = "a",
    spread: float = 0.01,
    process: str = "uniform",
    **fields: Any,
) -> pd.DataFrame:
    """Curves whose threshold and peak differ by `spread` between resamples, by the same draws for all tables."""
    shifts = np.concatenate([[0.0], np.random.default_rng(7).normal(0, spread, RESAMPLES)])
    known = curves(threshold + shifts, peak[0] + shifts, peak[1] + shifts, layers)
    rows = {"resample": np.repeat(np.arange(len(shifts)), len(NOISE)), "noise": np.tile(NOISE, len(shifts))}
    named = {name.replace("__", "."): value for name, value in fields.items()}
    columns = {"grammar.num_layers": layers, "grammar.num_classes": 4, "diffusion.process": process, **named}
    return pd.DataFrame({**rows, **known}).assign(source=source, signature=signature, **columns)


def pair(model: float, exact: float = 0.4, **given: Any) -> pd.DataFrame:
    """A trained model beside exact inference, by their thresholds."""
    return pd.concat([table("model", model, **given), table("exact", exact, **given)], ignore_index=True)
