"""What goes between Ray Tune and the driver, without Ray: packs one way, what became of them the other."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rhm_sweeps.running.ray_events import DriverQueue, PackEvents, StopAsked, crash_reason, is_out_of_memory
from rhm_sweeps.running.task_config import task_config

from .pack_driver import PackDriver, tiny_task

# The first lines of what Ray 2.60 writes into a trial's error file.
KILLED = """Failure # 1 (occurred at 2026-11-22_04-01-47)
The actor died unexpectedly before finishing this task.
The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR Worker exit detail: Worker unexpectedly
exits with a connection error code 2. End of file. Some common causes include: (1) the process was killed by the OOM killer"""
LOW_ON_MEMORY = """Failure # 1 (occurred at 2026-11-22_04-05-17)
1 worker(s) were killed due to the node running low on memory. Memory on the node was 1.48GB used / 23.54GB limit (0.062755)
OOM kill reason: Memory usage 1586221056B exceeded threshold of 252765008B (1.0% of 25276502016B limit)"""
NODE_GONE = (
    "The actor died unexpectedly before finishing this task.\nThe actor died because its node has died. Node Id: 4a2d"
)
UNREACHABLE = "The actor 7865 is unavailable: The actor is temporarily unavailable: RpcError: RPC error: Socket closed rpc_code: 14."
NOT_BUILT = "The actor died because of an error raised in its creation task, pid=1\nTraceback\nOSError: No space left on device\n"


@pytest.fixture
def driver(tmp_path: Path) -> PackDriver:
    return PackDriver([tiny_task(name, "local", tmp_path) for name in "abc"], {"local": 2})


def failed(tmp_path: Path, said: str) -> Any:
    """A Ray Tune trial of pack `a` whose process is gone."""
    (tmp_path / "error.txt").write_text(said)
    config = task_config(tiny_task("a", "local", tmp_path), "cpu")
    return SimpleNamespace(config=config, error_file=str(tmp_path / "error.txt"))


def test_the_queue_is_the_drivers(driver: PackDriver) -> None:
    queue = DriverQueue(driver, lambda task: {"pack": task.id})
    assert [queue.suggest(name) for name in "xyz"] == [{"pack": "a"}, {"pack": "b"}, None]
    driver.running.clear()
    assert queue.suggest("z") == {"pack": "c"}
    driver.running.clear()
    assert queue.suggest("z") == DriverQueue.FINISHED


def test_a_stop_ends_the_queue_and_everything_else(driver: PackDriver) -> None:
    stopper = StopAsked(driver)
    assert not stopper.stop_all()
    driver.stop_at = 0.0
    assert stopper.stop_all()
    assert DriverQueue(driver, lambda task: {"pack": task.id}).suggest("x") == DriverQueue.FINISHED
    assert len(driver.waiting) == 3


def test_a_process_that_died_is_a_crash(driver: PackDriver, tmp_path: Path) -> None:
    driver.next_pack()
    PackEvents(driver).on_trial_error(0, [], failed(tmp_path, KILLED))
    assert driver.crashes == [("a", "it was killed, ran out of memory or crashed")]


def test_a_process_that_ray_ended_for_memory_was_too_big(driver: PackDriver, tmp_path: Path) -> None:
    driver.next_pack()
    PackEvents(driver).on_trial_error(0, [], failed(tmp_path, LOW_ON_MEMORY))
    (progress,) = driver.reports["a"]
    assert progress.too_big == "its node ran low on memory, and Ray ended its process"
    assert (progress.active, driver.crashes) == (1, [])


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (KILLED, "it was killed, ran out of memory or crashed"),
        ("", "it was killed, ran out of memory or crashed"),
        (NODE_GONE, "its node is gone"),
        (UNREACHABLE, "its node cannot be reached"),
        (NOT_BUILT, "OSError: No space left on device"),
    ],
)
def test_a_crash_has_a_cause_in_a_line(said: str, reason: str) -> None:
    assert crash_reason(said) == reason
    assert not is_out_of_memory(said)
