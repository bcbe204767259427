"""Steps that are recorded once and repeated are those that Python does: whatever changes between steps stands in tensors."""

import itertools

import pytest
import torch

from rhm_sweeps.models import fused
from rhm_sweeps.training import loop
from rhm_sweeps.training.chunk import Chunk
from rhm_sweeps.training.recorded_step import WARM_UP

from .pack_variants import OWN_RATES, TRANSFORMER, VARIANTS, members, trainer
from .tape import TapeRecorder

MORE = {
    "bf16": {"training": {"precision": "bf16"}},
    "masked transformer": {"model": {"name": "transformer", **TRANSFORMER}, "diffusion": {"process": "masked"}},
    "gaussian transformer": {"model": {"name": "transformer", **TRANSFORMER}, "diffusion": {"process": "gaussian"}},
    "sgd without momentum": {"training": {"optimizer": "sgd"}},
    "own passes": {"training": {"batches": "epoch", "accumulation": 2, "optimizer": "adamw"}, "own": OWN_RATES},
}


@pytest.fixture(autouse=True)
def _as_on_a_gpu(monkeypatch):
    """Without the kernels of a CPU, which nothing can record; in short chunks."""
    monkeypatch.setattr(fused, "_has_kernel", lambda x: False)
    monkeypatch.setattr(loop, "CHUNK_STEPS", 8)


@pytest.fixture
def record(monkeypatch):
    """Lets the trainers that are made from now on record, and returns the list of their recorders."""

    def begin():
        made = []

        def make(device):
            made.append(TapeRecorder())
            return made[-1]

        monkeypatch.setattr(loop, "cuda_graphs", make)
        return made

    return begin


def agree(ours, theirs):
    pairs = zip(ours.denoiser.model.parameters.values(), theirs.denoiser.model.parameters.values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("variant", VARIANTS | MORE)
def test_repeated_steps_are_pythons_own(variant, record):
    pack = members(**(VARIANTS | MORE)[variant])
    plain = trainer(*pack)
    losses = plain.train(20)
    recorders, ours = record(), trainer(*pack)
    assert torch.equal(torch.cat([ours.train(count) for count in (1, 6, 13)], 1), losses)
    assert agree(ours, plain)
    assert [(one.warmed, one.recorded, one.played) for one in recorders] == [(WARM_UP, 1, 20 - WARM_UP)]


def test_what_changes_the_tensors_is_recorded_anew(record):
    def live(pack):
        losses = [pack.train(6)]
        pack.select([2, 0])
        losses.append(pack.train(6))
        pack.exploit([1, 1], [{}, {"learning_rate": 0.02}])
        losses.append(pack.train(6))
        pack.load_state_dict(pack.state_dict())
        return [*losses, pack.train(6)]

    plain = trainer(*members())
    expected = live(plain)
    recorders, ours = record(), trainer(*members())
    assert all(torch.equal(a, b) for a, b in zip(live(ours), expected, strict=True))
    assert agree(ours, plain)
    assert [(one.recorded, one.played) for one in recorders] == [(4, 4 * (6 - WARM_UP))]


def test_a_number_of_pythons_would_be_repeated_as_it_was(record, monkeypatch):
    """That is why the comparisons above are worth something."""
    losses = trainer(*members()).train(8)
    record()
    places = itertools.count()
    monkeypatch.setattr(Chunk, "batch", lambda self: self.batches.step(torch.tensor([next(places)])))
    repeated = trainer(*members()).train(8)
    assert torch.equal(repeated[:, : WARM_UP + 1], losses[:, : WARM_UP + 1])
    assert not torch.equal(repeated, losses)


def test_where_recording_fails_python_goes_on_and_says_so_once(record, monkeypatch, caplog):
    losses = trainer(*members()).train(12)
    recorders, ours = record(), trainer(*members())

    def fail(self, call):
        raise RuntimeError("operation not permitted\nwhen stream is capturing")

    monkeypatch.setattr(TapeRecorder, "record", fail)
    assert torch.equal(torch.cat((ours.train(9), ours.train(3)), 1), losses)
    assert [one.getMessage() for one in caplog.records] == [
        "steps go on without a CUDA graph, more slowly: operation not permitted when stream is capturing"
    ]
    assert recorders[0].warmed == WARM_UP
