"""What a sweep cannot answer because some of it did not run, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.coverage import coverage
from rhm_sweeps.printable import count


def coverage_limits(analysis: SweepAnalysis) -> Iterator[str]:
    """Yield what trials that are not done, and points that are missing, mean for the numbers."""
    ran = coverage(analysis.results)
    states = ran.states
    if not ran.planned:
        yield "No trials are planned: there is nothing to analyse."
        return
    unfinished = [f"{states[state]:,} {state}" for state in ("running", "pending") if state in states]
    if unfinished:
        number = sum(states.get(state, 0) for state in ("running", "pending"))
        yield f"{count(number, 'trial')} of {ran.planned:,} not finished ({', '.join(unfinished)}): the numbers will change."
    if "failed" in states:
        yield f"{count(states['failed'], 'trial')} failed, listed under What ran; figures and averages leave failed trials out."
    if "stopped" in states:
        yield (
            f"{count(states['stopped'], 'trial')} stopped early, listed under What ran: what would have come later is unknown, and "
            "averages of their last values are of different steps."
        )
    if ran.missing_points:
        yield (
            f"{count(ran.missing_points, 'metric point')} missing in {count(ran.gaps, 'trial')}: time scales are interpolated "
            "across the gaps."
        )
    if analysis.settings.empty:
        yield "No trial has a metric point yet: there are no figures."
    elif ran.without_points:
        yield f"{count(ran.without_points, 'trial')} begun without a metric point: nothing is known of them."
