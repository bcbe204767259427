"""Noise at which the class is lost, for `rhm-sweep grammar theory`."""

from __future__ import annotations

from rhm_sweeps.config import GrammarConfig

from .output import stderr


def half_overlaps(config: GrammarConfig) -> dict[str, float]:
    """The noise of each process at which half of the class is lost, for these very rules."""
    from rhm_sweeps.evaluation.evidence import PROCESSES
    from rhm_sweeps.evaluation.half_overlap import half_overlap_noise
    from rhm_sweeps.grammar import WeightedGrammar, make_grammar

    grammar = WeightedGrammar.of(make_grammar(config))
    return {process: half_overlap_noise(grammar, process) for process in PROCESSES}


def infinite_depths(config: GrammarConfig, num_grammars: int) -> dict[str, dict[str, float]]:
    """The threshold of each process at infinite depth, over random grammars of this size; with a progress bar on a terminal."""
    from rich.progress import track

    from rhm_sweeps.evaluation.evidence import PROCESSES
    from rhm_sweeps.evaluation.infinite_depth import infinite_depth_threshold

    found: dict[str, dict[str, float]] = {}
    for process in track(PROCESSES, "thresholds", console=stderr, transient=True, disable=not stderr.is_terminal):
        threshold = infinite_depth_threshold(config, process, num_grammars)
        found[process] = {"mean": threshold.mean, "standard_error": threshold.standard_error}
    return found
