"""One row per trial: its time scales and where it ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic.fields import FieldInfo

from rhm_sweeps.analysis.time_scales import Thresholds, time_scales
from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.tracking.results import Results

LAST_METRICS = ("train_loss", "test_loss", "copies", "excess_copies", "novel_valid")


def grammars(trials: pd.DataFrame) -> list[GrammarConfig]:
    """The grammar of each row of `Results.trials`."""
    fields = GrammarConfig.model_fields
    rows = trials.reindex(columns=[f"grammar.{name}" for name in fields]).itertuples(index=False)
    return [_grammar(*map(_plain, fields.values(), values)) for values in rows]


def _plain(field: FieldInfo, value: Any) -> Any:
    """The value of a field as it was before pandas made floats of a column with gaps; the default in a gap."""
    if pd.isna(value):
        return field.default
    return int(value) if isinstance(value, float) and field.annotation is not float else value


@lru_cache(maxsize=4096)
def _grammar(*values: Any) -> GrammarConfig:
    return GrammarConfig(**dict(zip(GrammarConfig.model_fields, values, strict=True)))


def trial_table(results: Results, thresholds: Thresholds | None = None) -> pd.DataFrame:
    """One row per trial in the order of the plan: state, reason, varied fields, time scales and last values.

    Columns tau_rule_1.., tau_mem_copies, tau_mem_loss, best_step, best_novel_valid, clean_validity_1.., regime, last_step,
    last_validity (of level L), last_<metric>. A trial without points has NaN and no regime.
    """
    levels = int(results.trials["grammar.num_layers"].max()) if len(results.trials) else 0
    columns = ["signature", "step", *LAST_METRICS, *(f"validity_{level}" for level in range(1, levels + 1))]
    points = dict(_points_by_trial(results.points.reindex(columns=columns)))
    nothing: Mapping[str, Any] = defaultdict(lambda: np.empty(0))
    rows = [
        _row(points.get(signature, nothing), grammar, thresholds)
        for signature, grammar in zip(results.trials.index, grammars(results.trials), strict=True)
    ]
    names = None if rows else list(_row(nothing, GrammarConfig(), thresholds))
    found = pd.DataFrame(rows, index=results.trials.index, columns=names)
    return pd.concat([results.trials[["state", "reason", *results.varied]], found], axis=1)


def _points_by_trial(points: pd.DataFrame) -> Iterator[tuple[str, dict[str, NDArray[Any]]]]:
    """Yield (signature, columns) of each trial; `points` is sorted by trial and step."""
    columns = {name: points[name].to_numpy() for name in points.columns}
    signatures = columns.pop("signature")
    changes = np.flatnonzero(signatures[1:] != signatures[:-1]) + 1
    if not len(signatures):
        return
    for start, stop in zip(np.r_[0, changes], np.r_[changes, len(signatures)], strict=True):
        yield str(signatures[start]), {name: column[start:stop] for name, column in columns.items()}


def _row(points: Mapping[str, Any], grammar: GrammarConfig, thresholds: Thresholds | None) -> dict[str, Any]:
    scales = time_scales(points, grammar, thresholds)
    last = {name: _last(points[name]) for name in LAST_METRICS}
    return {
        **{f"tau_rule_{level}": tau for level, tau in enumerate(scales.tau_rule, 1)},
        "tau_mem_copies": scales.tau_mem_copies,
        "tau_mem_loss": scales.tau_mem_loss,
        "best_step": scales.best_step,
        "best_novel_valid": scales.best_novel_valid,
        **{f"clean_validity_{level}": validity for level, validity in enumerate(scales.clean_validity, 1)},
        "regime": scales.regime,
        "last_step": _last(points["step"]),
        "last_validity": _last(points[f"validity_{grammar.num_layers}"]),
        **{f"last_{name}": value for name, value in last.items()},
    }


def _last(values: NDArray[Any]) -> float:
    return float(values[-1]) if len(values) else float("nan")
