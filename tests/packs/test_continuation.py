"""Which trials go on where shorter ones ended."""

import pytest

from rhm_sweeps.packs.continuation import continuation_key, continues

from ..pack_runs import trial


@pytest.mark.parametrize("schedule", ["constant", "step"])
def test_a_longer_trial_continues_a_shorter_one(schedule):
    shorter, longer = (trial(0, training={"steps": steps, "lr_schedule": schedule}) for steps in (8, 16))
    assert continuation_key(shorter) == continuation_key(longer)
    assert continues(longer, shorter)
    assert not continues(shorter, longer)
    assert not continues(longer, longer)


def test_under_a_cosine_the_whole_trajectory_depends_on_the_steps():
    shorter, longer = (trial(0, training={"steps": steps, "lr_schedule": "cosine"}) for steps in (8, 16))
    assert not continues(longer, shorter)


@pytest.mark.parametrize("other", [{"seed": 1}, {"learning_rate": 0.1}, {"warmup_steps": 4}])
def test_all_else_is_equal(other):
    assert not continues(trial(0, training={"steps": 16, **other}), trial(0, training={"steps": 8}))


def test_the_key_does_not_change_the_signature():
    one = trial(0)
    before = one.signature
    assert continuation_key(one) != before
    assert one.signature == before


def test_fields_without_effect_do_not_count():
    assert continues(trial(0, training={"steps": 16, "momentum": 0.5}), trial(0, training={"steps": 8}))
