"""Cores and memory of this machine, within the limits of its control group."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rhm_sweeps.pools import machine

MACHINE_GIB = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this process's control group, `jobs/7`, on a machine of eight cores."""
    (tmp_path / "own").write_text("1:name=systemd:/\n0::/jobs/7\n")
    monkeypatch.setattr(machine, "OWN_CGROUP", tmp_path / "own")
    monkeypatch.setattr(machine, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    folder = tmp_path / "cgroup" / "jobs" / "7"
    folder.mkdir(parents=True)
    return folder


def test_without_limits_it_is_the_machine(group: Path) -> None:
    (group / "cpu.max").write_text("max 100000\n")
    (group / "memory.max").write_text("max\n")
    assert (machine.available_cores(), machine.available_memory_gib()) == (8, MACHINE_GIB)


@pytest.mark.parametrize(("content", "cores"), [("250000 100000", 2), ("50000 100000", 1), ("10000000 100000", 8)])
def test_a_quota_of_cores_is_kept(group: Path, content: str, cores: int) -> None:
    (group / "cpu.max").write_text(content)
    assert machine.available_cores() == cores


def test_the_tightest_limit_counts_also_of_a_group_above(group: Path) -> None:
    (group / "memory.max").write_text(str(2**30))
    (group.parent / "memory.max").write_text(str(2**29))
    assert machine.available_memory_gib() == 0.5


def test_a_machine_without_control_groups_has_no_limits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "OWN_CGROUP", tmp_path / "nothing")
    assert machine.available_memory_gib() == MACHINE_GIB


def test_resources_are_those_of_its_group(group: Path) -> None:
    (group / "cpu.max").write_text("200000 100000\n")
    (group / "memory.max").write_text(str(3 * 2**30))
    assert machine.processor_resources() == {"CPU": 2.0, "memory": 3.0 * 2**30}


def test_a_gpu_may_be_there_only_with_its_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "GPU_DRIVERS", (tmp_path / "nvidiactl", tmp_path / "kfd"))
    assert not machine.has_gpu_driver()
    (tmp_path / "kfd").touch()
    assert machine.has_gpu_driver()
