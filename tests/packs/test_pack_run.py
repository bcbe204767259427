"""The life of a pack: points at log2 steps, early endings, interruption and divergence."""

import json
from dataclasses import replace

import pytest
import torch

from rhm_sweeps.config import parse_trial
from rhm_sweeps.packs import pack_run
from rhm_sweeps.packs.pack_members import PackMembers
from rhm_sweeps.packs.pack_orders import PackOrders, clear_orders, write_orders
from rhm_sweeps.training.checkpoints import load_checkpoint
from rhm_sweeps.training.saved_models import load_model

from ..pack_runs import PACE, advance_to, exactly, finish, science, start, trial


def test_every_member_gets_every_log2_point_and_ends_done(tmp_path):
    trials = [trial(0), trial(1)]
    points, endings = finish(start(trials, tmp_path))
    assert set(points) == {(t.signature, step) for t in trials for step in (1, 2, 4, 8, 16, 20)}
    assert {ending.state for ending in endings.values()} == {"done"}
    names = {"train_loss", "test_loss", "validity_1", "validity_2", "copies", "excess_copies", "novel_valid", "hamming"}
    assert all(names | set(PACE) <= set(point.metrics) for point in points.values())


def test_alone_packed_and_resumed_give_the_same_metrics(tmp_path):
    trials = [trial(0), trial(1, 5), trial(2, 12)]
    packed, _ = finish(start(trials, tmp_path / "packed"))
    alone, _ = finish(start([trials[1]], tmp_path / "alone"))
    first = start(trials, tmp_path / "resumed")
    for _ in range(3):
        first.advance(10)
    first.save()
    resumed, _ = finish(start(trials, tmp_path / "resumed"))
    assert set(resumed) == set(packed)
    for key, point in packed.items():
        assert science(resumed[key]) == science(point)
    for key, point in alone.items():
        assert science(point) == pytest.approx(science(packed[key]), rel=1e-3)


def test_a_resumed_run_reports_again_what_it_knows(tmp_path):
    first = start([trial(0)], tmp_path)
    known = [point for _ in range(3) for point in first.advance(10).points]
    first.save()
    again = start([trial(0)], tmp_path).advance(10)
    assert again.points == tuple(known)


def test_members_that_copy_leave_and_the_others_do_not_notice(tmp_path):
    copying = trial(0, stop={"copy_fraction": 1e-9})
    steady = trial(1, 5)
    _, endings = finish(start([copying, steady], tmp_path / "both"))
    ending = endings[copying.signature]
    assert ending.state == "done"
    assert ending.reason.startswith("stopped at step ")
    assert "stop.copy_fraction" in ending.reason
    both, _ = finish(start([copying, steady], tmp_path / "again"))
    alone, _ = finish(start([steady], tmp_path / "alone"))
    for key, point in alone.items():
        assert science(point) == pytest.approx(science(both[key]), rel=1e-3)
    last = max(step for signature, step in both if signature == copying.signature)
    assert last < 20


def test_a_diverging_member_fails_alone_with_its_step(tmp_path):
    wild, steady = trial(0, training={"learning_rate": 1e38}), trial(1, 5)
    run = start([wild, steady], tmp_path)
    points, endings = finish(run)
    assert endings[wild.signature].state == "failed"
    assert endings[wild.signature].reason == "loss is not finite at step 2"
    assert endings[steady.signature].state == "done"
    assert (steady.signature, 20) in points


def test_finished_members_are_saved_as_models_that_sample_what_was_evaluated(tmp_path):
    trials = [trial(0), trial(1)]
    run = start(trials, tmp_path)
    finish(run)
    saved = load_model(tmp_path / "models" / f"{trials[1].signature}.safetensors")
    assert saved.config == trials[1]
    assert saved.step == 20
    checkpoint = load_checkpoint(tmp_path / "pack" / "step-0000000020.ckpt")
    assert checkpoint["members"] == []
    assert {ending["signature"] for ending in checkpoint["endings"]} == {t.signature for t in trials}


def test_a_finished_pack_only_reports_when_it_is_run_again(tmp_path):
    points, endings = finish(start([trial(0)], tmp_path, checkpoint_interval_s=0))
    (left,) = (tmp_path / "pack").glob("*.ckpt")
    assert left.stat().st_size < 50_000  # no weights: those of each member are in its model
    again, ended = finish(start([trial(0)], tmp_path))
    assert again == points
    assert ended == endings


def test_a_damaged_newest_checkpoint_falls_back_to_the_one_before_and_says_so(tmp_path):
    whole, _ = finish(start([trial(0)], tmp_path / "whole"))
    run = start([trial(0)], tmp_path, checkpoint_interval_s=0)
    for _ in range(3):
        run.advance(10)
    newest = max((tmp_path / "pack").glob("step-*.ckpt"))
    newest.write_bytes(newest.read_bytes()[:-1] + b"?")
    resumed = start([trial(0)], tmp_path)
    first = resumed.advance(10)
    assert first.step == 2
    assert "damaged" in first.warnings[0]
    points, _ = finish(resumed)
    assert {key: science(point) for key, point in points.items()}.items() <= {
        k: science(p) for k, p in whole.items()
    }.items()


def test_only_members_that_are_asked_for_go_on_from_a_checkpoint(tmp_path):
    trials = [trial(0), trial(1, 5), trial(2, 12)]
    whole, _ = finish(start(trials, tmp_path / "whole"))
    run = start(trials, tmp_path)
    run.advance(10)
    run.save()
    points, _ = finish(start([trials[2], trials[0]], tmp_path))
    assert {signature for signature, _ in points} == {trials[0].signature, trials[2].signature}
    for key, point in points.items():
        assert science(point) == pytest.approx(science(whole[key]), rel=1e-3)


def test_without_test_strings_the_test_loss_is_not_a_number(tmp_path):
    base = trial(0).model_dump()
    untested = parse_trial({**base, "training": {**base["training"], "test_size": 0}})
    points, _ = finish(start([untested], tmp_path))
    assert all(point.metrics["test_loss"] != point.metrics["test_loss"] for point in points.values())


def test_members_that_are_told_to_stop_end_as_stopped_and_the_others_do_not_notice(tmp_path):
    trials = [trial(0), trial(1, 5), trial(2, 12)]
    whole, _ = finish(start(trials, tmp_path / "whole"))
    run = start(trials, tmp_path)
    known = {(point.signature, point.step): point for point in advance_to(run, 2)}
    write_orders(tmp_path / "pack", PackOrders({trials[1].signature: "not among the best", "nobody": "?"}))
    points, endings = finish(run)
    points |= known
    stopped = endings.pop(trials[1].signature)
    assert (stopped.state, stopped.reason) == ("stopped", "not among the best")
    assert {ending.state for ending in endings.values()} == {"done"}
    assert {step for signature, step in points if signature == trials[1].signature} == {1, 2}
    assert load_model(tmp_path / "models" / f"{trials[1].signature}.safetensors").step == 2
    for key, point in points.items():
        assert science(point) == pytest.approx(science(whole[key]), rel=1e-3)


def test_orders_are_carried_out_once_over_restarts(tmp_path):
    trials = [trial(0), trial(1, 5)]
    run = start(trials, tmp_path, checkpoint_interval_s=0)
    run.advance(10)
    write_orders(tmp_path / "pack", PackOrders({trials[0].signature: "enough"}))
    assert [ending.signature for ending in run.advance(10).endings] == [trials[0].signature]
    again = start(trials, tmp_path)
    assert [(ending.signature, ending.state) for ending in again.advance(10).endings] == [
        (trials[0].signature, "stopped")
    ]
    assert again.advance(10).endings == ()
    assert again.advance(10).active == 1


def test_a_pack_whose_members_are_all_stopped_is_finished(tmp_path):
    run = start([trial(0)], tmp_path)
    write_orders(tmp_path / "pack", PackOrders({trial(0).signature: "enough"}))
    progress = run.advance(10)
    assert progress.finished
    assert (progress.step, progress.active, progress.points) == (0, 0, ())


def test_a_pack_that_is_told_to_leave_saves_and_goes_on_when_it_is_taken_up_again(tmp_path):
    trials = [trial(0), trial(1, 5)]
    whole, _ = finish(start(trials, tmp_path / "whole"))
    run = start(trials, tmp_path)
    advance_to(run, 4)
    write_orders(tmp_path / "pack", PackOrders(leave=True))
    progress = run.advance(10)
    assert progress.left
    assert progress.finished
    assert (progress.step, progress.active, progress.endings) == (4, 2, ())
    assert not run.advance(10).left
    clear_orders(tmp_path / "pack")
    points, endings = finish(start(trials, tmp_path))
    assert exactly(points) == exactly(whole)
    assert {ending.state for ending in endings.values()} == {"done"}


def test_progress_is_plain_data(tmp_path):
    progress = start([trial(0)], tmp_path).advance(10)
    assert json.dumps([vars(point) for point in progress.points])
    assert replace(progress, points=()).finished is False


@pytest.fixture
def working_by_itself(monkeypatch):
    """A CPU counts as a device that trains while Python evaluates; returns how many steps were begun at which."""
    begun, evaluate = [], PackMembers.evaluate

    def watched(members, steps=0):
        begun.append((members.step, steps))
        return evaluate(members, steps)

    monkeypatch.setattr(pack_run, "WORKS_BY_ITSELF", {"cpu"})
    monkeypatch.setattr(PackMembers, "evaluate", watched)
    return begun


def test_what_trains_while_it_is_evaluated_gives_the_same(tmp_path, working_by_itself, monkeypatch):
    trials = [trial(0), trial(1, 5)]
    points, _ = finish(start(trials, tmp_path / "beside"))
    assert [step for step, _ in working_by_itself] == [1, 2, 4, 8, 16, 20]
    most = dict(zip((1, 2, 4, 8, 16, 20), (0, 1, 2, 4, 2, 0), strict=True))
    assert all((steps > 0) == (most[step] > 0) and steps <= most[step] for step, steps in working_by_itself)
    first = start(trials, tmp_path / "resumed")
    advance_to(first, 8)
    first.save()
    resumed, _ = finish(start(trials, tmp_path / "resumed"))
    monkeypatch.setattr(pack_run, "WORKS_BY_ITSELF", {})
    assert exactly(points) == exactly(resumed) == exactly(finish(start(trials, tmp_path / "after"))[0])
    names, file = ("beside", "resumed", "after"), f"models/{trials[0].signature}.safetensors"
    weights, *others = (load_model(tmp_path / name / file).model.state_dict() for name in names)
    assert all(torch.equal(one[name], value) for one in others for name, value in weights.items())


def test_a_member_that_diverges_while_it_is_evaluated_fails_with_its_step(tmp_path, working_by_itself, monkeypatch):
    wild = trial(0, training={"learning_rate": 1e9, "warmup_steps": 20})
    both = [wild, trial(1, 5, training={"learning_rate": 1e-3, "warmup_steps": 20})]
    points, endings = finish(start(both, tmp_path / "beside"))
    monkeypatch.setattr(pack_run, "WORKS_BY_ITSELF", {})
    after_points, after = finish(start(both, tmp_path / "after"))
    assert endings == after
    assert endings[wild.signature].reason in {f"loss is not finite at step {step}" for step in range(9, 13)}
    assert (8, 4) in working_by_itself
    assert points.keys() == after_points.keys()
    for key, point in points.items():  # the other is alone a few steps sooner or later: other products, other rounding
        assert science(point) == pytest.approx(science(after_points[key]), rel=1e-3, nan_ok=True)


def test_nothing_trains_while_it_is_evaluated_where_metrics_decide(tmp_path, working_by_itself):
    finish(start([trial(0, stop={"patience": 2}), trial(1)], tmp_path / "bound"))
    finish(start([trial(0), trial(1)], tmp_path / "judged", judged=True))
    assert len(working_by_itself) > 6
    assert {steps for _, steps in working_by_itself} == {0}
