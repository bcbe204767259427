"""What Ray says about the end of a process, in a line."""

from __future__ import annotations

import pytest

from rhm_sweeps.running.crash_reason import crash_reason, is_out_of_memory, unshared_node

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
UNSHARED = """Failure # 1 (occurred at 2026-11-22_17-29-47)
ray::PackTrainable.train() (pid=1, ip=10.0.0.2)
rhm_sweeps.errors.StorageError: node worker-2 (0123abcd) does not share the folder /results/tiny: there is no file driver-beacon-0;
"""
NOT_BUILT = "The actor died because of an error raised in its creation task, pid=1\nTraceback\nOSError: No space left on device\n"


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


def test_what_ray_ended_for_memory_is_known_by_its_words() -> None:
    assert is_out_of_memory(LOW_ON_MEMORY)


def test_a_node_that_does_not_share_what_it_must_is_known_by_its_short_id() -> None:
    said = "node worker-2 (0123abcd) does not share the folder /results/tiny: there is no file driver-beacon-0;"
    assert unshared_node(UNSHARED) == ("0123abcd", said)
    assert unshared_node(UNSHARED.replace("does not share the folder", "cannot use the storage"))[0] == "0123abcd"
    assert unshared_node(KILLED) == unshared_node("") == ("", "")
