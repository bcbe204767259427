"""The sampler's ceiling of each trial of a sweep, at a bounded cost."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from rhm_sweeps.analysis.trials.sections import optional_int, sections
from rhm_sweeps.config import DiffusionConfig, GrammarConfig
from rhm_sweeps.evaluation.sampler_ceiling import ceiling_cost_s, sampler_ceiling, sampling_part

BUDGET_S = 15.0
"""What the ceilings of one sweep may cost together, by `ceiling_cost_s`."""
Setting = tuple[GrammarConfig, DiffusionConfig, int | None]


@dataclass(frozen=True)
class Ceilings:
    """Validity that the sampler allows at levels 1..L, in the order of the trials; None where it was not computed.

    `settings` counts the distinct samplers of the sweep, `left_out` those whose ceiling would cost too much.
    """

    of_trial: tuple[tuple[float, ...] | None, ...]
    settings: int
    left_out: int

    @classmethod
    def none(cls, trials: pd.DataFrame) -> Ceilings:
        """No ceilings: every level can reach validity 1."""
        return cls((None,) * len(trials), 0, 0)


def sampler_ceilings(trials: pd.DataFrame, budget_s: float = BUDGET_S) -> Ceilings:
    """The ceilings of the trials of `Results.trials`, the cheapest samplers first, until the budget is spent.

    Trials that differ in the rules' seed share a ceiling. Classifiers sample nothing and have none.
    """
    keys = _settings(trials)
    distinct = sorted({key: None for key in keys if key is not None}, key=_cost)
    found, spent = {}, 0.0
    for key in distinct:
        spent += _cost(key)
        if spent > budget_s:
            break
        found[key] = sampler_ceiling(*key)
    of_trial = tuple(None if key is None else found.get(key) for key in keys)
    return Ceilings(of_trial, len(distinct), len(distinct) - len(found))


def _settings(trials: pd.DataFrame) -> list[Setting | None]:
    grammars = sections(trials, "grammar", GrammarConfig)
    diffusions = sections(trials, "diffusion", DiffusionConfig)
    wanted = trials.reindex(columns=["evaluation.sampling_steps", "model.name"]).itertuples(index=False)
    shapes = {grammar: grammar.model_copy(update={"seed_rules": 0}) for grammar in set(grammars)}
    parts = {diffusion: sampling_part(diffusion) for diffusion in set(diffusions)}
    return [
        None if model == "classifier" or grammar.ambiguity else (shapes[grammar], parts[diffusion], optional_int(steps))
        for grammar, diffusion, (steps, model) in zip(grammars, diffusions, wanted, strict=True)
    ]


def _cost(setting: Setting) -> float:
    return ceiling_cost_s(*setting)
