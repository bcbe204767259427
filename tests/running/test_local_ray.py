"""Ray on this machine: signals are left alone, processes wait for packs; the rest is tested with a real sweep in test_runner.py."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import ray

from rhm_sweeps.errors import SweepError
from rhm_sweeps.running import local_ray

MACHINE = {"CPU": 2.0, "memory": 8.0 * 2**30}


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """The signals that this process's own handler of SIGTERM was called for."""
    numbers: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: numbers.append(number))
    yield numbers
    signal.signal(signal.SIGTERM, before)


def steal_sigterm() -> None:
    """What Ray does to the process that starts it."""
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(SystemExit(15)))


def test_the_own_handler_of_sigterm_is_there_again(heard: list[int]) -> None:
    with local_ray.sigterm_is_ours():
        steal_sigterm()
    os.kill(os.getpid(), signal.SIGTERM)
    assert heard == [signal.SIGTERM]


def test_a_sigterm_while_ray_starts_is_heard(heard: list[int]) -> None:
    with local_ray.sigterm_is_ours():
        steal_sigterm()
        os.kill(os.getpid(), signal.SIGTERM)
    assert heard == [signal.SIGTERM]


def test_without_an_own_handler_sigterm_ends_the_process() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def start() -> None:
        with local_ray.sigterm_is_ours():
            steal_sigterm()
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(SystemExit):
        start()
    assert signal.getsignal(signal.SIGTERM) == before


def test_another_thread_leaves_the_handler_and_lets_it_be_heard(heard: list[int]) -> None:
    """What Ray does there, and what takes it away, is tested in test_signal_handlers.py and test_ray_ahead.py."""

    def enter() -> None:
        with local_ray.sigterm_is_ours():
            pass

    with ThreadPoolExecutor(1) as pool:
        pool.submit(enter).result()
    os.kill(os.getpid(), signal.SIGTERM)
    assert heard == [signal.SIGTERM]


def test_a_ray_that_does_not_start_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise OSError("AF_UNIX path length cannot exceed 107 bytes")

    monkeypatch.setattr(ray, "init", fail)
    with pytest.raises(SweepError, match="Ray cannot start on this machine: AF_UNIX"), local_ray.local_ray(MACHINE):
        pass


def test_what_ray_prints_does_not_reach_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ray, "init", lambda **_: print("(raylet) a worker died"))
    with local_ray.local_ray(MACHINE):
        print("(raylet) another one")
    print("ours")
    assert capsys.readouterr().out == "ours\n"


@pytest.fixture
def waiting() -> Iterator[list[psutil.Process]]:
    """The processes that Ray has started ahead, prepared for packs for longer than Ray by itself would let them wait."""
    with local_ray.local_ray(MACHINE):
        deadline = time.monotonic() + 60
        while len(found := [one for one in family() if "ray::IDLE" in " ".join(one.cmdline())]) < MACHINE["CPU"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(1.5)
        yield found


def family() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


@pytest.mark.slow
def test_packs_get_the_processes_that_ray_has_prepared_and_nothing_unused_is_started(
    waiting: list[psutil.Process],
) -> None:
    commands = " ".join(word for process in family() for word in process.cmdline())
    assert not [part for part in ("monitor.py", "dashboard.py", "log_monitor.py") if part in commands]
    assert "raylet" in commands

    @ray.remote
    class Pack:
        def modules(self) -> tuple[int, bool]:
            return os.getpid(), "rhm_sweeps.running.trainable" in sys.modules

    group = ray.util.placement_group([{"CPU": 1}] * 2)
    ray.get(group.ready())
    time.sleep(1.0)  # in which Ray looks whether there are processes for which there is no core
    place = ray.util.scheduling_strategies.PlacementGroupSchedulingStrategy(group)
    packs = [Pack.options(num_cpus=1, scheduling_strategy=place).remote() for _ in range(2)]
    found = ray.get([pack.modules.remote() for pack in packs])
    assert {pid for pid, _ in found} == {process.pid for process in waiting}
    assert all(prepared for _, prepared in found)


def test_few_processes_are_prepared_if_they_have_room_and_none_for_gpus() -> None:
    assert "preload_python_modules" in local_ray._settings(MACHINE)
    for other in ({"CPU": 64.0, "memory": 256.0 * 2**30}, {"memory": 1.5 * 2**30}, {"GPU": 1.0}):
        assert "preload_python_modules" not in local_ray._settings(MACHINE | other)
