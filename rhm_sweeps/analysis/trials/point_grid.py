"""The metric points of many trials as arrays, so that all trials are analysed at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rhm_sweeps.tracking.results import Results

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PointGrid:
    """N trials by K points, ascending in step; NaN beyond a trial's last point and where nothing was measured.

    `steps` and every column: (N, K) with K >= 1.
    """

    steps: Floats
    columns: Mapping[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        """A metric, (N, K); all NaN if no trial has it."""
        return self.columns[name] if name in self.columns else np.full(self.steps.shape, np.nan)

    def levels(self, name: str, count: int) -> Floats:
        """The metrics `name_1`.. of levels 1..count: (count, N, K)."""
        return np.stack([self[f"{name}_{level}"] for level in range(1, count + 1)])

    @property
    def counts(self) -> NDArray[np.intp]:
        """Points of each trial, (N,)."""
        return np.asarray(np.isfinite(self.steps).sum(1), dtype=np.intp)

    def last(self, values: NDArray[Any]) -> NDArray[Any]:
        """`values` (N, K) at the last point of each trial, (N,); those at point 0 for trials without points."""
        return np.take_along_axis(values, np.maximum(self.counts - 1, 0)[:, None], 1)[:, 0]

    def rows(self, part: slice) -> PointGrid:
        """Some of the trials."""
        return PointGrid(self.steps[part], {name: column[part] for name, column in self.columns.items()})

    @classmethod
    def of_results(cls, results: Results, metrics: Sequence[str]) -> Self:
        """The grid of all trials in the order of the plan; points of other trials are left out."""
        signatures = pd.Index(results.trials.index)
        points = results.points.reindex(columns=["signature", "step", *metrics])
        trial = signatures.get_indexer(points["signature"])
        points, trial = points[trial >= 0], trial[trial >= 0]
        place = points.groupby("signature", sort=False).cumcount().to_numpy()
        shape = (len(signatures), int(place.max(initial=0)) + 1)
        grid = {name: _spread(points[name], trial, place, shape) for name in ("step", *metrics)}
        return cls(grid.pop("step"), grid)

    @classmethod
    def of_trial(cls, points: Mapping[str, Any], metrics: Sequence[str]) -> Self:
        """The grid of one trial from its columns (K,), which must hold `step` and all metrics."""
        found = {name: np.asarray(points[name], dtype=np.float64)[None] for name in ("step", *metrics)}
        if not found["step"].size:
            found = {name: np.full((1, 1), np.nan) for name in found}
        return cls(found.pop("step"), found)


def _spread(values: pd.Series, trial: NDArray[Any], place: NDArray[Any], shape: tuple[int, int]) -> Floats:
    table = np.full(shape, np.nan)
    table[trial, place] = values.to_numpy(dtype=np.float64)
    return table
