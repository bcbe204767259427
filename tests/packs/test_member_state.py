"""What an ended trial leaves to go on from."""

import pytest
import torch

from rhm_sweeps.errors import CheckpointError
from rhm_sweeps.packs.member_state import join_members, load_member_state, select_members, state_for, state_path
from rhm_sweeps.packs.pack_orders import PackOrders, write_orders
from rhm_sweeps.training.checkpoints import load_checkpoint, save_checkpoint

from ..pack_runs import advance_to, finish, start, trial


def states(folder):
    return {path.name for path in (folder / "models").glob("*.state")}


def test_done_and_stopped_members_leave_their_state_and_failed_ones_none(tmp_path):
    done, stopped, failed = trial(0), trial(1, 5), trial(2, training={"learning_rate": 1e38})
    run = start([done, stopped, failed], tmp_path)
    known = advance_to(run, 4)
    write_orders(tmp_path / "pack", PackOrders({stopped.signature: "enough"}))
    _, endings = finish(run)
    assert {ending.state for ending in endings.values()} >= {"done", "stopped"}
    assert states(tmp_path) == {f"{done.signature}.state", f"{stopped.signature}.state"}
    state = load_member_state(state_path(tmp_path / "models", stopped.signature))
    assert (state.trial, state.step) == (stopped, 4)
    assert state.points == tuple(point for point in known if point.signature == stopped.signature)
    assert state.lived_s > 0
    assert load_checkpoint(state_path(tmp_path / "models", done.signature))["step"] == 20


def test_the_state_of_one_member_is_no_larger_than_that(tmp_path):
    """The rows of a pack are copied: a view would save all members with it."""
    trials = [trial(k) for k in range(4)]
    finish(start(trials, tmp_path))
    finish(start(trials[:1], tmp_path / "alone"))
    sizes = [
        state_path(folder / "models", trials[0].signature).stat().st_size for folder in (tmp_path, tmp_path / "alone")
    ]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.05)


def test_a_file_of_another_kind_is_refused(tmp_path):
    save_checkpoint(tmp_path / "x.state", {"trainer": {"step": 1}})
    with pytest.raises(CheckpointError, match="is not the training state of a trial"):
        load_member_state(tmp_path / "x.state")


def test_a_trial_goes_on_from_itself_or_a_shorter_one(tmp_path):
    run = start([trial(0)], tmp_path)
    advance_to(run, 4)
    write_orders(tmp_path / "pack", PackOrders({trial(0).signature: "enough"}))
    finish(run)
    path = state_path(tmp_path / "models", trial(0).signature)
    assert state_for(trial(0), path).step == 4
    assert state_for(trial(0, training={"steps": 40}), path).step == 4
    with pytest.raises(CheckpointError, match="does not continue"):
        state_for(trial(0, training={"steps": 10}), path)


def test_joining_what_was_selected_gives_it_back(tmp_path):
    run = start([trial(0), trial(1, training={"learning_rate": 0.02})], tmp_path)
    advance_to(run, 2)
    run.save()
    (path,) = (tmp_path / "pack").glob("*.ckpt")
    whole = load_checkpoint(path)["trainer"]
    joined = join_members([select_members(whole, [k]) for k in range(2)])
    assert joined["rates"] == whole["rates"] == [
        {"learning_rate": 0.01, "weight_decay": 0.0},
        {"learning_rate": 0.02, "weight_decay": 0.0},
    ]  # fmt: skip
    assert all(torch.equal(joined["parameters"][name], tensor) for name, tensor in whole["parameters"].items())
    for position, moments in whole["moments"].items():
        assert all(torch.equal(joined["moments"][position][name], value) for name, value in moments.items())
