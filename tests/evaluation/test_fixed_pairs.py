"""Fixed pairs, and the losses on them by time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.evaluation import fixed_pairs as module
from rhm_sweeps.evaluation.fixed_pairs import ROWS_PER_CALL, fixed_pairs, pair_metrics, pair_values, ratio_errors
from rhm_sweeps.grammar import Dataset, make_dataset, make_grammar
from rhm_sweeps.streams import Streams
from rhm_sweeps.training.denoiser import Denoiser, Noised
from rhm_sweeps.training.packs import PackedModel, initial_pack

from ..device_watch import DEVICE, Watch

TIMESTEPS = 20


def trial(seed: int = 0, model: dict[str, Any] | None = None, **diffusion: Any) -> TrialConfig:
    return parse_trial({
        "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 2},
        "diffusion": {"timesteps": TIMESTEPS, **diffusion},
        "model": {"width": 8, "embedding_size": 8, "num_heads": 2, "feedforward_size": 8, **(model or {})},
        "training": {"train_size": 8, "test_size": 4, "seed": seed},
    })  # fmt: skip


DATA: Dataset = make_dataset(make_grammar(trial().grammar), 8, 4, 0)


def pack(*configs: TrialConfig) -> Denoiser:
    return Denoiser.of(configs, initial_pack(configs))


def pairs_of(*configs: TrialConfig, count: int = 64, held_out: bool = False) -> Noised:
    strings, classes = (DATA.test, DATA.test_classes) if held_out else (DATA.train, DATA.train_classes)
    members, streams = len(configs), Streams([config.training.seed for config in configs])
    return fixed_pairs(configs[0], pack(*configs), streams, [strings] * members, [classes] * members, count)


@pytest.mark.parametrize("process", ["uniform", "masked", "gaussian"])
def test_pairs_are_the_same_each_time_and_cover_all_times(process: str) -> None:
    first, again = (pairs_of(trial(process=process)) for _ in range(2))
    assert torch.equal(first.x_t, again.x_t)
    assert torch.equal(first.t, again.t)
    assert set(first.t.flatten().tolist()) == set(range(1, TIMESTEPS + 1))
    assert torch.bincount(first.t.flatten())[1:].max() <= 64 / TIMESTEPS + 1.2
    assert np.array_equal(first.x_0[0, :8], DATA.train)
    assert np.array_equal(first.x_0[0, 8:16], DATA.train)
    assert np.array_equal(first.classes[0, :8], DATA.train_classes)


@pytest.mark.parametrize("process", ["uniform", "masked", "gaussian"])
def test_losses_of_pairs_do_not_wait_for_the_device(process: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROWS_PER_CALL, DEVICE, 32)
    config = trial(process=process)
    denoiser = Denoiser.of([config], initial_pack([config], DEVICE), DEVICE)
    pairs = fixed_pairs(config, denoiser, Streams([0], DEVICE), [DATA.train], [DATA.train_classes], 16)
    with Watch() as watch:
        assert pair_values(denoiser, pairs)["loss"].shape == (1, 16)
    assert watch.across == []


def test_splits_share_times_and_noise() -> None:
    train, test = pairs_of(trial()), pairs_of(trial(), held_out=True)
    assert torch.equal(train.t, test.t)
    both = (train.x_t != train.x_0) & (test.x_t != test.x_0)
    assert both.any()
    assert torch.equal(train.x_t[both], test.x_t[both])


def metrics_of(denoiser: Denoiser, pairs: Noised, windows: int) -> list[dict[str, float]]:
    return pair_metrics(pair_values(denoiser, pairs), pairs.t, TIMESTEPS, windows)


def test_the_error_of_the_ratio_is_the_spread_of_ratios_of_new_pairs() -> None:
    """Losses of 400 pairs that share most of their luck, drawn 2,000 times: the mean error against the ratios' deviation."""
    shared, own, other = torch.randn(3, 2000, 400, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    train, test = 0.8 + 0.3 * shared + 0.1 * own, 1 + 0.3 * shared + 0.1 * other
    ratios = train.mean(1) / test.mean(1)
    assert np.mean(ratio_errors(train, test)) == pytest.approx(float(ratios.std()), rel=0.05)
    assert ratio_errors(test, test) == pytest.approx([0.0] * 2000, abs=1e-12)


def test_loss_is_the_mean_over_pairs_of_each_member(monkeypatch: pytest.MonkeyPatch) -> None:
    """In chunks or at once."""
    configs = trial(0), trial(1)
    denoiser, pairs = pack(*configs), pairs_of(*configs, count=500)
    with torch.no_grad():
        at_once = denoiser.losses(pairs).mean(1)
    for tokens in (2**14, 100):
        monkeypatch.setitem(module.ROWS_PER_CALL, "cpu", tokens)
        found = metrics_of(denoiser, pairs, 1)
        assert [member["loss"] for member in found] == pytest.approx(at_once.tolist(), rel=1e-5)
        assert found[0]["loss"] != found[1]["loss"]


@pytest.mark.parametrize("windows", [1, 3, 4, 20])
def test_windows_part_the_times(windows: int) -> None:
    """The mean over windows, each weighted by its pairs, is the loss; each window's is that of its own times."""
    denoiser, pairs = pack(trial()), pairs_of(trial())
    found = metrics_of(denoiser, pairs, windows)[0]
    assert list(found) == ["loss", *(f"loss_time_{window}" for window in range(1, windows + 1))]
    with torch.no_grad():
        losses = denoiser.losses(pairs)[0].double()
    total = 0.0
    for window, times in enumerate(np.array_split(np.arange(1, TIMESTEPS + 1), windows), start=1):
        inside = torch.isin(pairs.t[0], torch.from_numpy(times))
        assert found[f"loss_time_{window}"] == pytest.approx(float(losses[inside].mean()), rel=1e-5)
        total += found[f"loss_time_{window}"] * int(inside.sum())
    assert total / 64 == pytest.approx(found["loss"])


def test_a_window_without_pairs_has_no_loss() -> None:
    pairs = pairs_of(trial())
    early = replace(pairs, t=torch.full_like(pairs.t, 3))
    found = metrics_of(pack(trial()), early, 4)[0]
    assert found["loss_time_1"] == found["loss"]
    assert all(np.isnan(found[f"loss_time_{window}"]) for window in (2, 3, 4))
    more_windows_than_times = metrics_of(pack(trial()), early, 64)[0]
    assert sum(not np.isnan(loss) for loss in more_windows_than_times.values()) == 2


class Says(nn.Module):
    """A classifier that is sure of class 1 at early times and of class 2 later."""

    def __init__(self) -> None:
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(1))

    def forward(self, x_t: Tensor, t: Tensor, dropout: Tensor | None = None) -> Tensor:
        logits = torch.where(t[:, None] <= TIMESTEPS // 2, torch.tensor([0, 9, 0, 0]), torch.tensor([0, 0, 9, 0]))
        return logits.float() + self.nothing


def test_accuracy_of_a_classifier_is_the_share_of_right_classes() -> None:
    config = trial(model={"name": "classifier"})
    denoiser, pairs = Denoiser.of([config], PackedModel.of([Says()])), pairs_of(config)
    found = metrics_of(denoiser, pairs, 2)[0]
    early = pairs.t[0] <= TIMESTEPS // 2
    right = {1: pairs.classes[0][early] == 1, 2: pairs.classes[0][~early] == 2}
    for window, hits in right.items():
        accuracy = found[f"accuracy_time_{window}"]
        assert accuracy == pytest.approx(float(hits.double().mean()))
        sure, wrong = np.log1p(3 * np.exp(-9)), 9 + np.log1p(3 * np.exp(-9))
        assert found[f"loss_time_{window}"] == pytest.approx(accuracy * sure + (1 - accuracy) * wrong, rel=1e-5)
    assert found["accuracy"] == pytest.approx(float(torch.cat([right[1], right[2]]).double().mean()))
    assert 0 < found["accuracy"] < 1
