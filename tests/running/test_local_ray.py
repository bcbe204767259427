"""Ray leaves the signals of this process alone; the rest is tested with a real sweep in test_runner.py."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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
