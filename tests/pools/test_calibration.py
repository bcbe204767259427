"""Rates of this machine: measured once per shape, from a cache that may be lost or broken at any time."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.packs.flops import model_cost
from rhm_sweeps.packs.packing import Pack
from rhm_sweeps.pools import calibration
from rhm_sweeps.pools.calibration import MAX_MEASURED, cache_file, calibrated_rates, estimate_packs
from rhm_sweeps.pools.cost import Rates
from rhm_sweeps.pools.pools import Pool, Pools

from ..tiny_sweeps import TINY

POOL = Pool("local", "cpu", 1, 1.0, 0.0, 8.0)


def trial(width: int = 8, **training: Any) -> TrialConfig:
    return parse_trial({**TINY, "model": {"width": width}, "training": {"train_size": 8, "test_size": 4, **training}})


def packs(*widths: int) -> list[Pack]:
    return [Pack(str(width), (trial(width),)) for width in widths]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RHM_SWEEP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "calibration.json"


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often each width is measured; its rates are made up from it."""
    counts: Counter[int] = Counter()

    def measure(config: TrialConfig, device: str) -> Rates:
        counts[config.model.width] += 1
        return Rates(config.model.width * 1e6, config.model.width * 1e7)

    monkeypatch.setattr(calibration, "_measure", measure)
    return counts


def test_a_real_measurement_is_positive_and_leaves_torch_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "_SECONDS", 0.01)
    threads = torch.get_num_threads()
    rates = calibrated_rates(packs(8), POOL)(trial(8))
    assert 1e4 < rates.training < 1e15
    assert 1e4 < rates.sampling < 1e15
    assert 0 <= rates.step_s < 1
    assert 0 <= rates.pass_s < 1
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(
    ("few", "some", "each", "shared"),
    [
        (4.0, 6.0, 1.0, 2.0),
        (2.0, 4.0, 1.0, 0.0),
        (3.0, 8.0, 2.0, 0.0),  # a larger pack is slower by itself
        (5.0, 4.0, 0.1, 3.6),  # a clock of a busy machine
    ],
)
def test_what_grows_with_members_is_told_from_what_does_not(
    few: float, some: float, each: float, shared: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seconds of a pack of two and of one of four."""
    seconds = {2: few, 4: some}
    monkeypatch.setattr(calibration, "_trainer", lambda trial, members, device: members)
    monkeypatch.setattr(calibration, "_seconds_per_call", lambda call, members: seconds[members])
    config = trial()
    rates = calibrated_rates(packs(8), POOL)(config)
    assert 3 * model_cost(config).forward_flops * config.training.batch_size / rates.training == pytest.approx(each)
    assert model_cost(config).forward_flops * 256 / rates.sampling == pytest.approx(each)
    assert (rates.step_s, rates.pass_s) == pytest.approx((shared, shared))


def test_a_gpus_steps_are_timed_as_many_as_have_their_batches_drawn_together(monkeypatch: pytest.MonkeyPatch) -> None:
    trained, freed = [], []

    class Trainer:
        device = torch.device("cuda")

        def train(self, steps: int) -> torch.Tensor:
            trained.append(steps)
            return torch.zeros(1)

    def seconds(call: Any, trainer: Trainer) -> float:
        if call is calibration._train:
            call(trainer)
            return 32 * 0.5
        return 1.0

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: freed.append(True))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    monkeypatch.setattr(calibration, "_trainer", lambda trial, members, device: Trainer())
    monkeypatch.setattr(calibration, "_seconds_per_call", seconds)
    rates = calibrated_rates(packs(8), replace(POOL, device="cuda"))
    assert rates is not None
    assert trained == [32, 32]
    assert rates(trial(8)).step_s == pytest.approx(
        0.5 * (1 - 0.1)
    )  # two packs of the same time: a tenth is the members'
    assert freed == [True]


def test_a_shape_is_measured_once_ever(measured: Counter[int], cache: Path) -> None:
    first = calibrated_rates(packs(8, 8, 16), POOL)
    assert measured == {8: 1, 16: 1}
    assert cache.is_file()
    second = calibrated_rates(packs(16, 8), POOL)
    assert measured == {8: 1, 16: 1}
    assert second(trial(8)) == first(trial(8)) == Rates(8e6, 8e7)
    calibrated_rates([Pack("b", (trial(8, batch_size=32),))], POOL)
    assert measured[8] == 2  # another batch size is another shape


def test_other_code_is_measured_again(measured: Counter[int], monkeypatch: pytest.MonkeyPatch) -> None:
    calibrated_rates(packs(8), POOL)
    monkeypatch.setattr(calibration, "code_hash", lambda: "other")
    calibrated_rates(packs(8), POOL)
    assert measured == {8: 2}


def test_many_shapes_take_the_rates_of_the_nearest_width(measured: Counter[int]) -> None:
    widths = [8 * k for k in range(1, MAX_MEASURED + 3)]
    rates = calibrated_rates(packs(*widths), POOL)
    assert set(measured) == set(widths[-MAX_MEASURED:])  # the costliest
    assert rates(trial(widths[0])) == rates(trial(widths[-MAX_MEASURED]))


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"a": 1}', '{"a": [1, 1]}', '{"a": ["x", "y", 0, 0]}', '{"a": [0, 0, 0, 0]}', "\0\0"],
)
def test_a_broken_cache_is_measured_anew_and_mended(measured: Counter[int], cache: Path, content: str) -> None:
    cache.parent.mkdir()
    cache.write_text(content)
    assert calibrated_rates(packs(8), POOL)(trial(8)) == Rates(8e6, 8e7)
    assert measured == {8: 1}
    calibrated_rates(packs(8), POOL)
    assert measured == {8: 1}
    assert list(json.loads(cache.read_text()).values()) == [[8e6, 8e7, 0.0, 0.0]]


def test_a_cache_that_cannot_be_written_costs_a_measurement_only(
    measured: Counter[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RHM_SWEEP_CACHE", str(tmp_path / "file"))
    for _ in range(2):
        assert calibrated_rates(packs(8), POOL)(trial(8)) == Rates(8e6, 8e7)
    assert measured == {8: 2}


def test_the_cache_is_where_the_user_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RHM_SWEEP_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_file() == tmp_path / "rhm-sweeps" / "calibration.json"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_file() == tmp_path / ".cache" / "rhm-sweeps" / "calibration.json"


def test_the_cache_is_for_this_user_only(
    measured: Counter[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHM_SWEEP_CACHE", str(tmp_path / "cache"))
    calibrated_rates(packs(8), POOL)
    assert [path.stat().st_mode & 0o777 for path in (cache_file().parent, cache_file())] == [0o700, 0o600]


def test_what_this_machine_has_no_device_for_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    gpu = Pool("gpu", "cuda", 1, 1.0, 1.0, 80.0)
    assert calibrated_rates(packs(8), gpu) is None


def test_each_pool_has_its_estimate(measured: Counter[int]) -> None:
    pools = Pools((POOL, replace(POOL, name="other", slots=2), replace(POOL, name="idle")))
    found = estimate_packs({"local": packs(8), "other": packs(8, 8), "idle": ()}, pools)
    assert {name: (pool.packs, pool.trials) for name, pool in found.pools.items()} == {"local": (1, 1), "other": (2, 2)}
    assert found.pools["other"].seconds == pytest.approx(found.pools["local"].seconds)
    assert measured == {8: 1}
