"""The trial of a model of the original code: what its shapes and tables say, and what was given beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from rhm_sweeps.config import TrialConfig, nest, parse_trial
from rhm_sweeps.errors import ConfigError, Problem
from rhm_sweeps.training.original_models import Sizes
from rhm_sweeps.training.original_schedule import schedule_of, schedule_problems

TEST_SIZE = 256
"""The original code's default."""
_NEEDED = ("grammar.num_synonyms", "grammar.seed_rules")
_FIXED = {"model.name": "bp_unet", "model.time_input": "original", "diffusion.noise_schedule": "linear"}


def original_trial(state: Mapping[str, Tensor], sizes: Sizes, given: Mapping[str, Any]) -> TrialConfig:
    """Return the trial of a state dict.

    Args:
        state: the state dict.
        sizes: of its network.
        given: dotted fields, from flags and logs. The rules must be among them; other sizes default to the network's, the
            number of classes to that of tokens, the noise schedule to the state's tables.

    Raises:
        ConfigError: listing what is missing, and every given field that contradicts the state.
    """
    missing = [] if given.get("grammar.explicit") else [name for name in _NEEDED if given.get(name) is None]
    if missing:
        cure = "is not in the file; give it, or the file's logs"
        raise ConfigError([Problem(name, cure) for name in missing], "the model's trial")
    trial = _with_test_strings({**_from_state(state, sizes, given), **given})
    problems = list(_contradictions(trial, sizes))
    diffusion = trial.diffusion
    tables = schedule_problems(state, diffusion.timesteps, diffusion.beta1, diffusion.beta2)
    problems += [Problem("diffusion", table) for table in tables]
    if problems:
        raise ConfigError(problems, "the model's trial")
    return trial


def _from_state(state: Mapping[str, Tensor], sizes: Sizes, given: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {**_FIXED, "model.width": sizes.width, "model.bias": sizes.bias}
    fields |= {f"diffusion.{name}": value for name, value in schedule_of(state).items()}
    if given.get("grammar.explicit"):
        return fields
    v, s, depth = sizes.vocabulary, sizes.filter_size, sizes.depth
    grammar = {"num_features": v, "num_classes": v, "tuple_size": s, "num_layers": depth}
    return fields | {f"grammar.{name}": value for name, value in grammar.items()}


def _with_test_strings(fields: dict[str, Any]) -> TrialConfig:
    """The trial, with as many test strings as the original code takes, or as there are left, unless it says how many."""
    trial = parse_trial(nest({"training.test_size": 0, **fields}), "the model's trial")
    left = trial.grammar.p_max - trial.training.train_size
    fields = {"training.test_size": max(0, min(TEST_SIZE, left)), **fields}
    return parse_trial(nest(fields), "the model's trial")


def _contradictions(trial: TrialConfig, sizes: Sizes) -> Iterator[Problem]:
    grammar, model = trial.grammar, trial.model
    found: dict[str, tuple[Any, Any]] = {
        "grammar.num_features": (grammar.num_features, sizes.vocabulary),
        "model.filter_size": (model.filter_size or grammar.tuple_size, sizes.filter_size),
        "model.depth": (model.depth or grammar.num_layers, sizes.depth),
        "model.width": (model.width, sizes.width),
        "model.bias": (model.bias, sizes.bias),
    }
    flat = trial.flat()
    found |= {name: (flat[name], value) for name, value in _FIXED.items()}
    for name, (value, expected) in found.items():
        if value != expected:
            yield Problem(name, f"is {value!r}, but the model in the file has {expected!r}; leave it out")
