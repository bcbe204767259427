"""Trials that share sections are those that are made one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rhm_sweeps.config import TrialConfig, nest
from rhm_sweeps.spaces import trial_builder
from rhm_sweeps.spaces.trial_builder import TrialBuilder

settings = st.fixed_dictionaries(
    {},
    optional={
        "training.train_size": st.sampled_from([64, 128, 64.0, True, "64", 10**6]),
        "training.learning_rate": st.sampled_from([1, 1.0, 0.5, True, 0]),
        "diffusion.time_mean": st.sampled_from([0, 0.0, -0.0]),
        "grammar.num_synonyms": st.sampled_from([2, 3, 9]),
        "grammar.explicit": st.sampled_from(["binary_3_level", None]),
        "model.depth": st.sampled_from([3, None]),
        "stop.patience": st.sampled_from([2, None]),
        "nothing.here": st.just(1),
    },
)


def outcome(make: Any) -> Any:
    """The trial with all its parts and its signature, or what is wrong with it."""
    try:
        trial = make()
    except ValidationError as error:
        return [(detail["loc"], detail["msg"]) for detail in error.errors()]
    return repr(trial), trial.signature


@given(st.lists(settings, max_size=8))
def test_a_shared_section_changes_nothing(many: list[dict[str, Any]]) -> None:
    builder = TrialBuilder()
    for one in many:
        alone = outcome(lambda one=one: TrialConfig.model_validate(nest(one)))
        assert outcome(lambda one=one: builder.build(one)) == alone


def test_equal_sections_are_one_object() -> None:
    builder = TrialBuilder()
    first, second = (builder.build({"model.width": 8, "training.seed": seed}) for seed in (1, 2))
    assert first.model is second.model
    assert first.training is not second.training


def test_what_is_kept_to_be_shared_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_builder, "MAX_SECTIONS", 3)
    builder = TrialBuilder()
    trials = [builder.build({"training.seed": seed}) for seed in range(10)]
    assert [trial.training.seed for trial in trials] == list(range(10))
    assert len(builder.known) <= 3
