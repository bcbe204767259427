"""The signature of a trial, against its definition and known answers."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhm_sweeps.config import TrialConfig, nest, parse_trial
from rhm_sweeps.spaces.overrides import apply_overrides
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import make_plan

fields = st.fixed_dictionaries(
    {"training.train_size": st.sampled_from([64, 100]), "training.test_size": st.just(16)},
    optional={
        "grammar.num_classes": st.sampled_from([8, 4]),
        "grammar.zipf_level": st.sampled_from([1, None]),
        "grammar.seed_rules": st.integers(0, 9),
        "diffusion.noise_schedule": st.sampled_from(["linear", "cosine", "exponential"]),
        "diffusion.beta2": st.sampled_from([0.1, 0.2]),
        "diffusion.timesteps": st.sampled_from([100, 200]),
        "diffusion.time_distribution": st.sampled_from(["uniform", "clipped_normal"]),
        "diffusion.time_mean": st.sampled_from([0.5, 0.0, -0.0, 0]),
        "model.name": st.sampled_from(["bp_unet", "transformer", "classifier"]),
        "model.depth": st.sampled_from([None, 2, 3]),
        "model.filter_size": st.sampled_from([None, 2]),
        "model.dropout": st.sampled_from([0.0, 0.1]),
        "training.optimizer": st.sampled_from(["adam", "sgd"]),
        "training.momentum": st.sampled_from([0.0, 0.9]),
        "evaluation.sampling_steps": st.sampled_from([None, 100]),
        "stop.min_delta": st.sampled_from([0.0, 0.1]),
        "stop.patience": st.sampled_from([None, 2]),
    },
)


def defined(trial: TrialConfig) -> str:
    """The definition, in the long way: every field that has an effect, differs from its default and is not what null means."""
    means = {
        "model.filter_size": trial.grammar.tuple_size,
        "model.depth": trial.grammar.num_layers,
        "evaluation.sampling_steps": trial.diffusion.timesteps,
    }
    defaults = TrialConfig().flat()
    changed: dict[str, dict[str, Any]] = {}
    for name, value in trial.flat().items():
        if name not in trial.unused() and value != defaults[name] and value != means.get(name, ()):
            section, field = name.split(".")
            changed.setdefault(section, {})[field] = value
    return hashlib.sha256(json.dumps(changed, sort_keys=True).encode()).hexdigest()[:12]


@given(fields)
def test_a_signature_is_as_defined(values: dict[str, Any]) -> None:
    trial = parse_trial(nest(values))
    assert trial.signature == defined(trial)


@pytest.mark.parametrize(
    ("space", "digest"),
    [  # the quickstart has been shortened since: these are its trials of then
        ("architectures", "2468093c"),
        ("memorization", "deeee21a"),
        ("noise_schedules", "78847d71"),
        ("quickstart training.steps=4096", "f70e6b4f"),
        ("written_small", "f9060b48"),
        ("zipf_diversity", "522c57a3"),
    ],
)
def test_signatures_are_those_of_earlier_releases(space: str, digest: str) -> None:
    """A changed signature would make every sweep on disk train again. 8 digits of the SHA-256 of all of a shipped space."""
    name, *changes = space.split()
    plan = make_plan(apply_overrides(SearchSpace.load(name), changes))
    signatures = " ".join(trial.signature for trial in plan.trials)
    assert hashlib.sha256(signatures.encode()).hexdigest()[:8] == digest
