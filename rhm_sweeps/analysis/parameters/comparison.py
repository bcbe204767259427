"""Groups of trials against each other: the values of a categorical or two-valued parameter, on matched settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from rhm_sweeps.analysis.groups import is_numeric, sorted_values
from rhm_sweeps.analysis.parameters.effect_sizes import holm, paired_effect, unpaired_effect
from rhm_sweeps.analysis.parameters.swept_parameters import value_codes
from rhm_sweeps.config import is_seed

MOST_VALUES = 6
SIGNIFICANT = 0.05
BY_SEEDS, BY_SETTINGS, UNMATCHED = "seeds", "settings", ""
KEYS = ("parameter", "a", "b", "along", "outcome", "matching", "n_a", "n_b", "pairs", "left_out", "mean_a", "mean_b")
EFFECT = (
    "difference", "low", "high", "hedges_g", "g_low", "g_high", "dominance", "test", "p_value", "least_p", "p_holm",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Pairs of values of the compared parameters, for each outcome.

    `table` has a row per (parameter, value a, value b, outcome): `along` (fields that change with the value, whose effect
    cannot be told from its own), `matching` (`seeds`: pairs of trials that agree in all other settings and seeds; `settings`:
    pairs of means over the seeds of matching settings; empty: all trials of both, unmatched), `n_a` and `n_b` (trials), `pairs`,
    `left_out` (pairs, or trials, without the outcome in one of them), the means, an `Effect` (b minus a; time scales in
    doublings), and `p_holm`, corrected for all rows of the table. `skipped` are the parameters with too many values.
    """

    table: pd.DataFrame
    skipped: tuple[str, ...]


def compare(
    trials: pd.DataFrame, fields: Sequence[str], outcomes: pd.DataFrame, parameters: Sequence[str] | None = None
) -> Comparison:
    """Compare the values of each field that holds names or flags, or two numbers.

    Args:
        trials: a column per field, shape (N, ...).
        fields: all varied fields, seeds too; seeds match trials and are not compared.
        outcomes: a column per outcome, NaN where a trial has none; index as that of `trials`. One that is the same in all
            trials is left out: no test is spent on it.
        parameters: the fields whose values are compared; None: all. Those that others determine would be compared twice.
    """
    outcomes = outcomes.loc[:, outcomes.nunique() > 1]
    codes = pd.DataFrame({field: value_codes(trials[field]) for field in fields}, index=trials.index)
    names = [field for field in (fields if parameters is None else parameters) if not is_seed(field)]
    compared = [field for field in names if _is_categorical(trials[field])]
    chosen = [field for field in compared if codes[field].nunique() <= MOST_VALUES]
    rows = [row for field in chosen for row in _of_field(trials[field], codes, outcomes)]
    table = pd.DataFrame(rows, columns=[*KEYS, *EFFECT])
    table["p_holm"] = holm(table["p_value"].to_numpy(dtype="float64"))
    return Comparison(table, tuple(field for field in compared if field not in chosen))


def _is_categorical(values: pd.Series) -> bool:
    distinct = values.nunique(dropna=False)
    if distinct == 2:
        return True
    words = not is_numeric(values) and not pd.api.types.is_float_dtype(values)
    return bool(distinct > 2 and words)


def _of_field(values: pd.Series, codes: pd.DataFrame, outcomes: pd.DataFrame) -> Iterator[dict[str, Any]]:
    field = str(values.name)
    distinct = sorted_values(values)
    for first, second in combinations(range(len(distinct)), 2):
        sides = [codes[codes[field] == place].drop(columns=field) for place in (first, second)]
        if not all(len(outcomes.loc[side.index].dropna(how="all")) for side in sides):
            continue
        along = ", ".join(_along(sides[0], sides[1]))
        matching, pairs = _match(sides[0], sides[1], outcomes)
        for outcome in outcomes.columns:
            row = {"parameter": field, "a": distinct[first], "b": distinct[second], "along": along, "outcome": outcome}
            found = _matched(pairs, outcome, matching) if matching else _unmatched(sides, outcomes[outcome])
            if found:
                yield row | _trial_counts(sides, outcomes[outcome]) | found


def _along(a: pd.DataFrame, b: pd.DataFrame) -> list[str]:
    """The fields that have one value on each side, another one."""
    return [
        field
        for field in a.columns
        if not is_seed(field) and a[field].nunique() == b[field].nunique() == 1 and a[field].iat[0] != b[field].iat[0]
    ]


def _match(a: pd.DataFrame, b: pd.DataFrame, outcomes: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Pair the sides by the fields that vary on both, with the seeds or without; at least half of the smaller side.

    Returns the kind of matching and a row per pair with the columns (`a` | `b`, outcome); `UNMATCHED` and no rows if neither pairs.
    """
    shared = [field for field in a.columns if a[field].nunique() > 1 and b[field].nunique() > 1]
    settings = [field for field in shared if not is_seed(field)]
    for matching, keys in ((BY_SEEDS, shared), (BY_SETTINGS, settings)):
        if not keys:
            continue
        means = [outcomes.loc[side.index].groupby([side[key] for key in keys]).mean() for side in (a, b)]
        pairs = pd.concat(means, axis=1, keys=["a", "b"], join="inner")
        if len(pairs) >= 2 and 2 * len(pairs) >= min(map(len, means)):
            return matching, pairs
    return UNMATCHED, pd.DataFrame()


def _matched(pairs: pd.DataFrame, outcome: str, matching: str) -> dict[str, Any] | None:
    both = pd.DataFrame({side: pairs[side, outcome] for side in ("a", "b")})
    known = both.dropna()
    if known.empty:
        return None
    effect = asdict(paired_effect(known["a"], known["b"]))
    left_out = int(both.notna().any(axis=1).sum()) - len(known)
    return _means(known["a"], known["b"]) | {"matching": matching, "pairs": len(known), "left_out": left_out} | effect


def _unmatched(sides: Sequence[pd.DataFrame], values: pd.Series) -> dict[str, Any] | None:
    a, b = (values.loc[side.index].dropna() for side in sides)
    if a.empty or b.empty:
        return None
    left_out = sum(map(len, sides)) - len(a) - len(b)
    effect = asdict(unpaired_effect(a, b))
    return _means(a, b) | {"matching": UNMATCHED, "pairs": 0, "left_out": left_out} | effect


def _means(a: pd.Series, b: pd.Series) -> dict[str, float]:
    return {"mean_a": float(a.mean()), "mean_b": float(b.mean())}


def _trial_counts(sides: Sequence[pd.DataFrame], values: pd.Series) -> dict[str, int]:
    numbers = [int(values.loc[side.index].notna().sum()) for side in sides]
    return {"n_a": numbers[0], "n_b": numbers[1]}
