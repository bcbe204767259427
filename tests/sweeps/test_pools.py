"""Where packs run on this machine."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
import torch

from rhm_sweeps.errors import UsageError
from rhm_sweeps.sweeps.pools import Pool, check_device, local_pool


def test_without_a_gpu_every_core_is_a_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 4, 7}, raising=False)
    pool = local_pool()
    assert (pool.device, pool.slots, pool.cpus_per_pack, pool.gpus_per_pack) == ("cpu", 3, 1.0, 0.0)
    machine_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    assert pool.memory_gib == pytest.approx(machine_gib / 3)


@pytest.mark.parametrize(("cores", "cpus_per_pack"), [(16, 1.0), (2, 0.5)])
def test_every_gpu_is_a_slot_with_its_own_memory(
    monkeypatch: pytest.MonkeyPatch, cores: int, cpus_per_pack: float
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(total_memory=80 * 2**30))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert local_pool() == Pool("local", "cuda", 4, cpus_per_pack, 1.0, 80.0)


def test_a_device_that_is_here_is_taken() -> None:
    assert check_device("cpu") == "cpu"


@pytest.mark.parametrize("name", ["", "meta", "gpu", "cuda:", "cpu\n"])
def test_a_device_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"the device is .*, but must be cpu or cuda"):
        check_device(name)


def test_a_device_that_is_not_here_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'cuda:99', but this machine cannot use it: .+; use cpu"):
        check_device("cuda:99")
