"""An optimizer step never waits for a device, and finds all that it needs there."""

import pytest
import torch

from rhm_sweeps.training import loop
from rhm_sweeps.training.chunk import Chunk
from rhm_sweeps.training.optimizers import learning_rates

from ..device_watch import DEVICE, Watch, computing_nothing
from .pack_variants import VARIANTS, members, trainer


@pytest.fixture(autouse=True, scope="module")
def _on_meta():
    with computing_nothing():
        yield


@pytest.mark.parametrize("variant", VARIANTS)
def test_steps_ask_the_device_for_nothing_and_get_their_rates_once_a_chunk(variant, monkeypatch):
    monkeypatch.setattr(loop, "CHUNK_STEPS", 2)
    pack = trainer(*members(**VARIANTS[variant]), device=DEVICE)
    with Watch() as watch:
        losses = pack.train(3)
    assert losses.shape == (3, 3)
    assert watch.across == ["aten._to_copy.default"] * 2
    assert watch.operations > 3 * 100


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_a_cpu_has_trained_goes_on_on_the_device(variant):
    on_cpu = trainer(*members(**VARIANTS[variant]))
    on_cpu.train(2)
    pack = trainer(*members(**VARIANTS[variant]), device=DEVICE)
    pack.load_state_dict(on_cpu.state_dict())
    assert pack.step == 2
    assert {x.device.type for state in pack.optimizer.moments().values() for x in state.values() if x is not None} <= {
        DEVICE
    }
    with Watch() as watch:
        pack.train(1)
    assert watch.across == ["aten._to_copy.default"]


def test_rates_are_sent_without_waiting(monkeypatch):
    sent = []
    to = torch.Tensor.to
    monkeypatch.setattr(torch.Tensor, "to", lambda self, *args, **named: sent.append(named) or to(self, *args, **named))
    pack = trainer(*members(), device=DEVICE)
    batches, rates = pack.draw_batches(2), learning_rates(pack.training, 0, 2)
    sent.clear()
    Chunk.of(batches, rates, 0)
    assert sent == [{"non_blocking": True}]


@pytest.mark.parametrize(
    "asks", [lambda x: float(x[0]), lambda x: x[x > 0], lambda x: bool(x.sum() > 0), lambda x: x.tolist()]
)
def test_a_device_that_is_asked_says_so(asks):
    with pytest.raises((RuntimeError, NotImplementedError)):
        asks(torch.ones(3, device=DEVICE))


def test_what_crosses_over_is_seen():
    x = torch.ones(3, device=DEVICE)
    with Watch() as watch:
        x[torch.tensor([0, 1])]
        torch.ones(3).to(DEVICE)
    assert watch.across == ["aten.index.Tensor", "aten._to_copy.default"]
