"""Where a pack begins: extended and stopped trials go on as if they had never ended, split packs from what they were."""

import pytest
from torch import equal

from rhm_sweeps.packs.member_state import state_path
from rhm_sweeps.packs.pack_orders import PackOrders, clear_orders, write_orders
from rhm_sweeps.training.saved_models import load_model

from ..pack_runs import advance_to, exactly, finish, science, start, trial

VARIANTS = {
    "adam": {},
    "sgd": {"optimizer": "sgd", "momentum": 0.9, "lr_schedule": "step", "lr_decay_steps": 5},
    "sgd without moments": {"optimizer": "sgd"},
    "adamw": {"optimizer": "adamw", "weight_decay": 0.1, "warmup_steps": 4},
}


def of_steps(steps, seed=0, **training):
    return trial(seed, training={**training, "steps": steps})


def sources(folder, *pairs):
    """For (trial, the one it goes on from): the states."""
    return {one.signature: state_path(folder / "models", source.signature) for one, source in pairs}


def weights(folder, one):
    return load_model(folder / "models" / f"{one.signature}.safetensors").model.state_dict()


def assert_equal_weights(one, other):
    assert one.keys() == other.keys()
    assert all(equal(one[name], other[name]) for name in one)


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_trial_that_is_extended_equals_one_trained_at_once(variant, tmp_path):
    short, long = (of_steps(steps, **VARIANTS[variant]) for steps in (8, 16))
    first, _ = finish(start([short], tmp_path))
    extended = start([long], tmp_path / "long", sources=sources(tmp_path, (long, short)))
    points, endings = finish(extended)
    once, _ = finish(start([long], tmp_path / "once"))
    assert endings[long.signature].state == "done"
    assert exactly(points) == exactly(once)
    assert all(
        points[long.signature, step].timestamp_ms == first[short.signature, step].timestamp_ms for step in (1, 8)
    )
    assert_equal_weights(weights(tmp_path / "long", long), weights(tmp_path / "once", long))


def test_only_points_of_its_own_schedule_are_taken_over(tmp_path):
    short, long = of_steps(6), of_steps(12)
    finish(start([short], tmp_path))
    points, _ = finish(start([long], tmp_path / "long", sources=sources(tmp_path, (long, short))))
    assert [step for _, step in points] == [1, 2, 4, 8, 12]


@pytest.mark.slow
def test_trials_of_one_pack_go_on_together(tmp_path):
    rates = (0.01, 0.002)
    short, long = ([of_steps(steps, k, learning_rate=rates[k]) for k in range(2)] for steps in (8, 16))
    finish(start([short[0]], tmp_path))
    finish(start([short[1]], tmp_path))
    points, _ = finish(start(long, tmp_path / "long", sources=sources(tmp_path, *zip(long, short, strict=True))))
    for one in long:
        once, _ = finish(start([one], tmp_path / one.signature))
        for key, point in once.items():
            assert science(points[key]) == pytest.approx(science(point), rel=1e-3)


@pytest.mark.parametrize("same_folder", [True, False])
def test_a_stopped_trial_that_is_taken_up_again_equals_one_never_stopped(same_folder, tmp_path):
    whole, _ = finish(start([trial(0)], tmp_path / "whole"))
    run = start([trial(0)], tmp_path, checkpoint_interval_s=0)
    advance_to(run, 4)
    write_orders(tmp_path / "pack", PackOrders({trial(0).signature: "enough"}))
    run.advance()
    clear_orders(tmp_path / "pack")
    folder = tmp_path if same_folder else tmp_path / "again"
    again = start([trial(0)], folder, sources=sources(tmp_path, (trial(0), trial(0))))
    assert again.advance().step == 4
    points, endings = finish(again)
    assert endings[trial(0).signature].state == "done"
    assert {8, 16, 20} == {step for _, step in points}
    assert exactly(points).items() <= exactly(whole).items()
    assert_equal_weights(weights(folder, trial(0)), weights(tmp_path / "whole", trial(0)))


def test_a_stopped_trial_goes_on_beside_the_checkpoints_of_those_that_went_further(tmp_path):
    """Its own checkpoints are at earlier steps than theirs, and still count."""
    trials = [trial(0), trial(1, 5)]
    run = start(trials, tmp_path, checkpoint_interval_s=0)
    advance_to(run, 2)
    write_orders(tmp_path / "pack", PackOrders({trials[0].signature: "enough"}))
    finish(run)
    clear_orders(tmp_path / "pack")
    taken_up = {"sources": sources(tmp_path, (trials[0], trials[0])), "checkpoint_interval_s": 0}
    assert advance_to(start(trials[:1], tmp_path, **taken_up), 8)[-1].step == 8
    assert start(trials[:1], tmp_path, **taken_up).advance().step == 8


def test_own_later_checkpoints_win(tmp_path):
    short, long = of_steps(8), of_steps(32)
    finish(start([short], tmp_path))
    options = {"sources": sources(tmp_path, (long, short)), "checkpoint_interval_s": 0}
    advance_to(start([long], tmp_path / "long", **options), 16)
    assert start([long], tmp_path / "long", **options).advance().step == 16


def test_a_trial_whose_stop_rule_held_where_it_ended_ends_there_again(tmp_path):
    rule = {"stop": {"copy_fraction": 1e-9}}
    short, long = trial(0, training={"steps": 64}, **rule), trial(0, training={"steps": 128}, **rule)
    _, ended = finish(start([short], tmp_path))
    points, endings = finish(start([long], tmp_path / "long", sources=sources(tmp_path, (long, short))))
    once, as_once = finish(start([long], tmp_path / "once"))
    assert ended[short.signature].reason.startswith("stopped at step ")
    assert endings == as_once
    assert exactly(points) == exactly(once)


def test_a_pack_of_sources_at_different_steps_begins_at_step_0(tmp_path):
    short = [of_steps(4, 0), of_steps(8, 1)]
    long = [of_steps(16, k) for k in range(2)]
    for one in short:
        finish(start([one], tmp_path))
    first = start(long, tmp_path / "long", sources=sources(tmp_path, *zip(long, short, strict=True))).advance()
    assert first.step == 1
    assert "go on from different steps" in first.warnings[0]


@pytest.mark.parametrize("damage", ["missing", "torn", "of another trial", "as long"])
def test_a_source_that_cannot_be_used_is_named_and_the_trial_begins_at_step_0(damage, tmp_path):
    short = {"of another trial": of_steps(8, 1), "as long": of_steps(16)}.get(damage, of_steps(8))
    long = of_steps(16)
    finish(start([short], tmp_path))
    path = state_path(tmp_path / "models", short.signature)
    if damage == "missing":
        path.unlink()
    elif damage == "torn":
        path.write_bytes(path.read_bytes()[:-100])
    run = start([long], tmp_path / "long", sources=sources(tmp_path, (long, short)))
    first = run.advance()
    said = {
        "missing": "No such file",
        "torn": "damaged",
        "of another trial": "does not continue",
        "as long": "must be before",
    }
    assert first.step == 1
    assert said[damage] in first.warnings[0]
    assert long.signature in first.warnings[0]
    assert finish(run)[1][long.signature].state == "done"


def test_halves_of_a_pack_go_on_from_its_checkpoint(tmp_path):
    trials = [trial(0), trial(1, 5), trial(2, 12)]
    whole, _ = finish(start(trials, tmp_path / "whole"))
    run = start(trials, tmp_path)
    advance_to(run, 4)
    run.save()
    (checkpoint,) = (tmp_path / "pack").glob("*.ckpt")
    for half in (trials[:2], trials[2:]):
        folder = tmp_path / half[0].signature
        (folder / "pack").mkdir(parents=True)
        (folder / "pack" / checkpoint.name).write_bytes(checkpoint.read_bytes())
        again = start(half, folder)
        assert again.advance().step == 4
        points, _ = finish(again)
        assert {signature for signature, _ in points} == {one.signature for one in half}
        for key, point in points.items():
            assert science(point) == pytest.approx(science(whole[key]), rel=1e-3)
