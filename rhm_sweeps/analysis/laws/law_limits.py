"""What a sweep leaves open of power laws and of sample complexity, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from rhm_sweeps.analysis.groups import TRAIN_SIZE
from rhm_sweeps.analysis.laws.power_laws import time_scale_laws
from rhm_sweeps.analysis.laws.sample_complexity import FEWEST_SIZES, LevelComplexity, level_complexities
from rhm_sweeps.analysis.laws.scaling import FEWEST_SIZES as FEWEST_OF_LAW
from rhm_sweeps.analysis.laws.synonym_laws import synonym_laws
from rhm_sweeps.analysis.phrases import listed
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.printable import count
from rhm_sweeps.tracking.trial_summary import MEMORIZATION, rule_scales


def power_law_limits(analysis: SweepAnalysis) -> Iterator[str]:
    """Levels whose tau_rule has no power law in P."""
    laws = [entry for entry in time_scale_laws(analysis) if entry.time_scale not in MEMORIZATION]
    known = {entry.time_scale for entry in laws if entry.law is not None}
    open_levels = [name.rpartition("_")[2] for name in dict.fromkeys(e.time_scale for e in laws) if name not in known]
    if open_levels and analysis.settings[TRAIN_SIZE].nunique() >= FEWEST_OF_LAW:
        yield (
            f"Whether the time to learn level {listed(open_levels)} depends on P is open: it takes {FEWEST_OF_LAW} "
            "training-set sizes at which all trials learn it before copies begin."
        )


def complexity_limits(analysis: SweepAnalysis) -> Iterator[str]:
    """Levels whose P*_l lies outside the sizes of the sweep, and an exponent of m that cannot be fitted."""
    if analysis.groups.axis != TRAIN_SIZE or analysis.settings.empty:
        return
    found = level_complexities(analysis)
    if not found:
        yield f"No setting has {FEWEST_SIZES} training-set sizes: the sample complexity P*_l is not known."
        return
    for level in sorted({item.level for item in found}):
        yield from _outside(level, [item for item in found if item.level == level])
    short = _too_short(analysis)
    if short:
        yield (
            f"{count(short, 'trial')} ended before copies began and before all levels were learned: with more steps P*_l "
            "may be smaller."
        )
    if len({item.grammar.num_synonyms for item in found}) == 1:
        yield "One number of synonyms m only: how P*_l grows with m is open."
    elif not synonym_laws(analysis, found):
        yield "No level has its P*_l inside the sizes for two values of m: how P*_l grows with m is open."


def _outside(level: int, items: list[LevelComplexity]) -> Iterator[str]:
    above = [int(item.sizes[-1]) for item in items if item.place == "above"]
    below = [int(item.sizes[0]) for item in items if item.place == "below"]
    where = "" if len(items) == 1 else f" in {{number}} of {count(len(items), 'setting')}"
    if above:
        yield (
            f"Level {level} does not come half-way before copies begin at the largest P{where.format(number=len(above))}: P*_{level} "
            f"is above {min(above):,}."
        )
    if below:
        yield (
            f"Level {level} is half-way learned at the smallest P already{where.format(number=len(below))}: P*_{level} is at "
            f"most {max(below):,}."
        )


def _too_short(analysis: SweepAnalysis) -> int:
    """Trials that neither copied nor learned their class rule."""
    trials = analysis.measured
    learned = trials[rule_scales(analysis.levels)].notna().sum(axis=1)
    depths = trials["group"].map({group: grammar.num_layers for group, grammar in analysis.grammars.items()})
    return int((trials["tau_mem_copies"].isna() & (learned < depths)).sum())
