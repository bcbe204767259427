"""What several figures and sentences need of an analysis is computed once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis

Rest = ParamSpec("Rest")
Found = TypeVar("Found")
KEPT = "_found_once"


def once(
    compute: Callable[Concatenate[SweepAnalysis, Rest], Found],
) -> Callable[Concatenate[SweepAnalysis, Rest], Found]:
    """Let a function of an analysis, and of hashable arguments, keep what it returns with the analysis, as long as that lives."""

    @functools.wraps(compute)
    def found(analysis: SweepAnalysis, /, *args: Rest.args, **kwargs: Rest.kwargs) -> Found:
        kept = vars(analysis).setdefault(KEPT, {})
        key = (compute, args, tuple(sorted(kwargs.items())))
        if key not in kept:
            kept[key] = compute(analysis, *args, **kwargs)
        result: Found = kept[key]
        return result

    return found
