"""Population-based training in a pack: members copy the better ones, the same with and without interruptions."""

import pytest
import torch

from rhm_sweeps.config import PopulationConfig, TrialConfig
from rhm_sweeps.packs import pack_run
from rhm_sweeps.packs.pack_orders import PackOrders, write_orders
from rhm_sweeps.training.checkpoints import load_checkpoint
from rhm_sweeps.training.saved_models import load_model

from ..pack_runs import advance_to, exactly, finish, start, trial

RATES = (1e-5, 0.003, 0.01, 0.03)
POPULATION = PopulationConfig(members="0123456789ab", metric="train_loss", interval=8, perturb=2.0)


def members(population=POPULATION, **sections):
    trials = [trial(k, training={"learning_rate": rate, "steps": 40}, **sections) for k, rate in enumerate(RATES)]
    return [
        TrialConfig(**{name: getattr(one, name) for name in type(one).model_fields} | {"population": population})
        for one in trials
    ]


def weights(folder, one):
    return load_model(folder / "models" / f"{one.signature}.safetensors").model.state_dict()


def test_points_tell_the_rates_and_who_was_copied(tmp_path):
    trials = members()
    points, endings = finish(start(trials, tmp_path))
    assert {ending.state for ending in endings.values()} == {"done"}
    for position, one in enumerate(trials):
        own = {step: point.metrics for (signature, step), point in points.items() if signature == one.signature}
        assert {own[step]["copied_from"] for step in (1, 2, 4, 40)} == {-1}
        assert own[8]["learning_rate"] == RATES[position]
        assert own[40]["weight_decay"] == 0
        for step, later in ((8, 16), (16, 32), (32, 40)):
            source = int(own[step]["copied_from"])
            before = points[trials[source].signature, step].metrics["learning_rate"] if source >= 0 else None
            expected = {own[step]["learning_rate"]} if source < 0 else {before * 2, before / 2}
            assert own[later]["learning_rate"] in expected
    at_8 = {one.signature: points[one.signature, 8].metrics for one in trials}
    worst = max(at_8, key=lambda name: at_8[name]["train_loss"])
    best = min(range(4), key=lambda k: at_8[trials[k].signature]["train_loss"])
    assert {name: point["copied_from"] for name, point in at_8.items() if point["copied_from"] >= 0} == {worst: best}


def test_a_population_waits_for_its_metrics_on_every_device(tmp_path, monkeypatch):
    points, _ = finish(start(members(), tmp_path / "cpu"))
    monkeypatch.setattr(pack_run, "WORKS_BY_ITSELF", {"cpu"})
    assert exactly(finish(start(members(), tmp_path / "by itself"))[0]) == exactly(points)


@pytest.mark.slow
@pytest.mark.parametrize("interrupted_at", [4, 8, 16])
def test_a_resumed_population_does_the_same_as_an_uninterrupted_one(interrupted_at, tmp_path):
    trials = members()
    whole, _ = finish(start(trials, tmp_path / "whole"))
    first = start(trials, tmp_path / "resumed")
    advance_to(first, interrupted_at)
    first.save()
    resumed, _ = finish(start(trials, tmp_path / "resumed"))
    assert exactly(resumed) == exactly(whole)
    for one in trials:
        ours, theirs = weights(tmp_path / "resumed", one), weights(tmp_path / "whole", one)
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_weights_and_moments_are_copied_with_their_member(tmp_path):
    trials = members()
    run = start(trials, tmp_path)
    points = {point.signature: point.metrics for point in advance_to(run, 8) if point.step == 8}
    run.save()
    state = load_checkpoint(max((tmp_path / "pack").glob("*.ckpt")))["trainer"]
    copies = {k: int(points[one.signature]["copied_from"]) for k, one in enumerate(trials)}
    ((member, source),) = ((k, source) for k, source in copies.items() if source >= 0)
    tensors = [*state["parameters"].values(), *(moment["exp_avg"] for moment in state["moments"].values())]
    assert all(torch.equal(tensor[member], tensor[source]) for tensor in tensors)
    other = next(k for k in range(4) if k not in (member, source))
    assert not torch.equal(tensors[0][member], tensors[0][other])


def test_members_that_ended_leave_the_population_and_keep_their_positions(tmp_path):
    trials = members()
    run = start(trials, tmp_path)
    advance_to(run, 4)
    write_orders(tmp_path / "pack", PackOrders({trials[0].signature: "enough"}))
    run.advance()
    run.save()
    points, endings = finish(start(trials[1:], tmp_path))
    assert endings.keys() == {one.signature for one in trials[1:]}
    copied = {int(point.metrics["copied_from"]) for (_, step), point in points.items() if step >= 8}
    assert copied - {-1}
    assert copied <= {-1, 1, 2, 3}


def test_an_ending_member_is_not_copied(tmp_path):
    ending = members(stop={"copy_fraction": 1e-9})
    points, endings = finish(start(ending, tmp_path))
    left = {name: max(step for signature, step in points if signature == name) for name in endings}
    for (_, step), point in points.items():
        if (source := int(point.metrics["copied_from"])) >= 0:
            assert left[ending[source].signature] > step


def test_the_log_says_who_copies_whom(tmp_path):
    finish(start(members(), tmp_path))
    text = (tmp_path / "pack" / "pack.log").read_text()
    assert " copies " in text
    assert "and goes on with learning_rate " in text


def test_an_unknown_metric_is_refused_with_the_nearest(tmp_path):
    unknown = POPULATION.model_copy(update={"metric": "trainloss"})
    run = start(members(unknown), tmp_path)
    with pytest.raises(Exception, match="did you mean `train_loss`"):
        finish(run)
