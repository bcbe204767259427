"""Ray that starts while its driver does something else."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import ray

from rhm_sweeps.errors import SweepError
from rhm_sweeps.pools.machine import processor_resources
from rhm_sweeps.running import ray_ahead
from rhm_sweeps.running.ray_ahead import RayAhead
from rhm_sweeps.running.ray_cluster import present_cluster


@pytest.mark.slow
def test_it_is_there_when_it_is_waited_for_and_gone_after_that() -> None:
    earlier = set(psutil.Process().children(recursive=True))  # such as Python's resource tracker
    began = time.monotonic()
    with RayAhead(processor_resources()) as ahead:
        assert time.monotonic() - began < 1.0
        with ahead.joined() as scratch:
            assert scratch.is_dir()
            assert present_cluster().nodes[0].resources["CPU"] >= 1
            family = set(psutil.Process().children(recursive=True)) - earlier
            assert any("raylet" in process.name() for process in family)
        assert not ray.is_initialized()
        assert not scratch.exists()
    assert psutil.wait_procs(family, timeout=10)[1] == []


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """In the place of Ray: what happened to it."""
    happened: list[str] = []

    @contextmanager
    def local_ray(resources: Mapping[str, float]) -> Iterator[Path]:
        happened.append("up")
        yield Path("scratch")
        happened.append("down")

    monkeypatch.setattr(ray_ahead, "local_ray", local_ray)
    return happened


def test_a_driver_that_never_comes_to_it_ends_it(started: list[str]) -> None:
    with pytest.raises(SweepError, match="the plan is wrong"), RayAhead(processor_resources()):
        raise SweepError("the plan is wrong")
    assert started == ["up", "down"]


def test_it_is_ended_by_who_joined_it(started: list[str]) -> None:
    with RayAhead(processor_resources()) as ahead:
        with ahead.joined() as scratch:
            assert (scratch, started) == (Path("scratch"), ["up"])
        assert started == ["up", "down"]
    assert started == ["up", "down"]


def test_who_waits_is_told_why_it_did_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Mapping[str, float]) -> None:
        raise SweepError("Ray cannot start on this machine: no memory")

    monkeypatch.setattr(ray_ahead, "local_ray", refuse)
    with RayAhead(processor_resources()) as ahead, pytest.raises(SweepError, match="no memory"), ahead.joined():
        pass


TOLD_TO_END = """
import os, signal, sys, time
from rhm_sweeps.pools.machine import processor_resources
from rhm_sweeps.running.ray_ahead import RayAhead

def end():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)

signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
with RayAhead(processor_resources()) as ahead:
    ahead._settled.wait()
    time.sleep(0.2)
    if "joined" not in sys.argv:
        end()
    with ahead.joined():
        pass
end()
"""


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "joined"])
def test_a_driver_that_is_told_to_end_before_it_joins_or_after_ray_has_ended_hears_it(moment: str) -> None:
    """Ray's own handler would abort the process, the system's would end it without a word."""
    words = [sys.executable, "-c", TOLD_TO_END, moment]
    ended = subprocess.run(words, capture_output=True, check=False, timeout=120)
    assert ended.returncode == 128 + signal.SIGTERM, ended.stderr


def test_what_starts_it_does_not_wait_for_pytorch() -> None:
    """Ray needs seconds to start, in which the driver imports PyTorch: it must not be the other way round."""
    light = "import sys, rhm_sweeps.running.ray_ahead, rhm_sweeps.pools.machine; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", light], capture_output=True, check=True, text=True).stdout == "False\n"
