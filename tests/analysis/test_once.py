"""What is computed once per analysis."""

from __future__ import annotations

from dataclasses import replace

from rhm_sweeps.analysis.once import once
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis, analyze

CALLS: list[tuple[str, int]] = []


@once
def counted(analysis: SweepAnalysis, factor: int = 1) -> int:
    """The number of trials, times a factor."""
    CALLS.append((analysis.results.name, factor))
    return factor * len(analysis.trials)


def test_once_per_analysis_and_arguments(make_sweep) -> None:
    first, second = analyze(make_sweep([])), analyze(make_sweep([{}], length={0: 0}))
    CALLS.clear()
    assert [counted(first), counted(first), counted(second), counted(second, 3), counted(second, factor=3)] == [
        0,
        0,
        1,
        3,
        3,
    ]
    assert CALLS == [("known", 1), ("known", 1), ("known", 3), ("known", 3)]


def test_a_changed_copy_does_not_inherit_it(make_sweep) -> None:
    analysis = analyze(make_sweep([{}], length={0: 0}))
    assert counted(analysis) == 1
    assert counted(replace(analysis, trials=analysis.trials.iloc[:0])) == 0
    assert counted.__doc__ == "The number of trials, times a factor."
