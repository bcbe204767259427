"""Forward-backward curves as one table, for analysis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.evaluation.beside_exact import BesideExact, Experiment
from rhm_sweeps.evaluation.evidence import Process
from rhm_sweeps.evaluation.forward_backward import ForwardBackward

LAYERS, CLASSES, PROCESS = "grammar.num_layers", "grammar.num_classes", "diffusion.process"


def comparison_frame(found: Sequence[BesideExact], experiment: Experiment) -> pd.DataFrame:
    """All curves as one table, of models and of exact inference.

    One row per model, source (`model` or `exact`), resample (0: all strings) and noise. Columns: signature, source, resample,
    time, noise, class_flip, overlap, tokens_changed, unchanged_1..L (the share of unchanged level-l symbols, counted from the
    leaves; L is the class), susceptibility, correlation_length, theory and theory_error (the threshold at infinite depth), then
    by dotted name process, depth, number of classes, and all fields in which the models differ.
    """
    flat = [one.saved.config.flat() for one in found]
    varied = [name for name in (flat[0] if flat else {}) if len({repr(fields.get(name)) for fields in flat}) > 1]
    names = list(dict.fromkeys((PROCESS, LAYERS, CLASSES, *varied)))
    tables = []
    for one, fields in zip(found, flat, strict=True):
        known: dict[str, Any] = {"signature": one.saved.config.signature, **{name: fields.get(name) for name in names}}
        known |= _theory(experiment, one.saved.config.grammar, one.saved.config.diffusion.process)
        for source, curves in (("model", one.model), ("exact", one.exact)):
            tables.append(curve_table(curves).assign(source=source, time=_times(one.times, curves), **known))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def exact_frame(
    curves: ForwardBackward, process: Process, grammar: GrammarConfig, experiment: Experiment
) -> pd.DataFrame:
    """The table of `comparison_frame` of exact inference alone."""
    fields: dict[str, Any] = {PROCESS: process, LAYERS: grammar.num_layers, CLASSES: grammar.num_classes}
    fields |= _theory(experiment, grammar, process)
    return curve_table(curves).assign(source="exact", signature="", **fields)


def curve_table(curves: ForwardBackward) -> pd.DataFrame:
    """One row per resample (0: all strings) and noise."""
    every = [curves, *curves.resampled]
    levels = len(curves.latents_unchanged) - 1
    columns = {"resample": np.repeat(np.arange(len(every)), len(curves.noise)), "noise": curves.noise * len(every)}
    for name in ("class_flip", "overlap", "tokens_changed", "susceptibility", "correlation_length"):
        columns[name] = np.concatenate([getattr(one, name) for one in every])
    for level in range(1, levels + 1):
        columns[f"unchanged_{level}"] = np.concatenate([one.latents_unchanged[levels - level] for one in every])
    return pd.DataFrame(columns)


def _times(times: list[int], curves: ForwardBackward) -> list[int]:
    return times * (1 + len(curves.resampled))


def _theory(experiment: Experiment, grammar: GrammarConfig, process: Process) -> dict[str, Any]:
    threshold = experiment.theory(grammar, process)
    return {"theory": threshold.mean, "theory_error": threshold.standard_error}
