"""The few numbers that stand at the top of a report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rhm_sweeps.analysis.groups import TRAIN_SIZE
from rhm_sweeps.analysis.laws.power_laws import by_rule
from rhm_sweeps.analysis.laws.scaling import fit_power_law
from rhm_sweeps.analysis.report.cost import Cost, duration
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.coverage import Coverage
from rhm_sweeps.printable import count


@dataclass(frozen=True)
class KeyNumber:
    """A number, what it is, and how it came about."""

    value: str
    label: str
    note: str


def key_numbers(analysis: SweepAnalysis, ran: Coverage, spent: Cost) -> list[KeyNumber]:
    """How much ran, and of sweeps that sampled strings the novelty reached and the two time scales."""
    numbers = [_trials(ran)]
    if not analysis.settings.empty and analysis.sampled:
        numbers += [*_novelty(analysis), *_learned(analysis), *_memorized(analysis), *_growth(analysis)]
    if spent.training_s:
        numbers.append(
            KeyNumber(duration(spent.training_s), "training time", f"summed over {count(spent.packs, 'pack')}")
        )
    return numbers


def _trials(ran: Coverage) -> KeyNumber:
    done = ran.states.get("done", 0)
    others = ", ".join(f"{number:,} {state}" for state, number in ran.states.items() if state != "done")
    return KeyNumber(
        f"{done:,}", f"of {count(ran.planned, 'trial')} done", others or ("" if ran.planned else "nothing planned")
    )


def _novelty(analysis: SweepAnalysis) -> Iterator[KeyNumber]:
    shares = analysis.settings["best_novel_valid"]
    if shares.notna().any():
        where = f" with {analysis.groups.label(int(shares.idxmax()))}" if len(shares) > 1 else ""
        yield KeyNumber(f"{shares.max():.2f}", "novel valid strings at best", f"share of the samples{where}")


def _learned(analysis: SweepAnalysis) -> Iterator[KeyNumber]:
    """The median of tau_rule(L) over the trials that learn the deepest class rule before copies begin."""
    top = f"tau_rule_{analysis.levels}"
    taus = by_rule(analysis.measured, top).dropna()
    share = f"in {len(taus):,} of {count(len(analysis.measured), 'trial')}, before copies begin"
    if len(taus):
        yield KeyNumber(
            f"{taus.median():,.0f}", f"steps to the class rule, τ_rule({analysis.levels})", f"median; {share}"
        )


def _memorized(analysis: SweepAnalysis) -> Iterator[KeyNumber]:
    taus = analysis.measured["tau_mem_copies"].dropna()
    share = f"in {len(taus):,} of {count(len(analysis.measured), 'trial')}"
    if len(taus):
        yield KeyNumber(f"{taus.median():,.0f}", "steps to memorization, τ_mem", f"median; {share}")


def _growth(analysis: SweepAnalysis) -> Iterator[KeyNumber]:
    """The exponent of tau_mem against P; only where nothing else varies, so that there is one."""
    if analysis.groups.axis != TRAIN_SIZE or analysis.settings["facet"].nunique() > 1:
        return
    trials = analysis.measured
    law = fit_power_law(trials[TRAIN_SIZE], trials["tau_mem_copies"])
    if law is not None:
        yield KeyNumber(
            f"{law.exponent:.2f}", "exponent of τ_mem against P", f"95 % interval {law.low:.2f} to {law.high:.2f}"
        )
