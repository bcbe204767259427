"""Ray on this machine, for one run: private, quiet, and gone at the end."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import ray

from rhm_sweeps.errors import SweepError
from rhm_sweeps.running.scratch import scratch_folder
from rhm_sweeps.running.signal_handlers import hear_in_python, heard_in_python

OBJECT_STORE_BYTES = 100 * 2**20
SESSIONS = "r"
"""Ray opens this folder to all users, and its logs name what is in the environment: it lies in one that is closed."""
LEFT_OUT = ("start_monitor", "start_api_server", "start_log_monitor")
"""Ray's autoscaler, dashboard and forwarding of logs, a process each: nothing here uses them, Ray has no setting for a start without
them, and they take three seconds of a core."""
LONGEST_WAIT_MS = 60_000
"""By default Ray ends a process that has waited for a second as soon as its core is reserved, the moment in which it gets a pack."""
MOST_PREPARED = 16
"""Ray starts as many processes ahead as there are cores, and one that is prepared holds some 270 MiB."""


@contextmanager
def local_ray(resources: Mapping[str, float]) -> Iterator[Path]:
    """Run Ray while the block lasts, reachable from this machine only; yield a scratch folder.

    Args:
        resources: what it has, by Ray's names; memory in bytes.

    Raises:
        SweepError: if Ray cannot start.
    """
    with scratch_folder() as scratch, Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        try:
            with sigterm_is_ours(), _without(LEFT_OUT):
                _start(dict(resources), scratch)
            yield scratch
        finally:
            leave_ray()


def leave_ray() -> None:
    """End what `ray.init` began; it also puts the system's handler of SIGTERM in the place of Python's."""
    ray.shutdown()
    hear_in_python(signal.SIGTERM)


def _start(resources: dict[str, float], scratch: Path) -> None:
    # Without a token in the environment Ray writes one into the user's home, readable by all users of the machine.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    settings = _settings(resources)  # before what Ray is given by names of its own is taken out
    try:
        ray.init(
            address="local",
            num_cpus=int(resources.pop("CPU")),
            num_gpus=int(resources.pop("GPU", 0)),
            _memory=int(resources.pop("memory")),
            resources=resources,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.CRITICAL,  # what goes wrong, the ledger and the view say
            object_store_memory=OBJECT_STORE_BYTES,
            _temp_dir=str(scratch / SESSIONS),
            _system_config=settings,
        )
    except Exception as error:
        raise SweepError(f"Ray cannot start on this machine: {error}") from error


def _settings(resources: Mapping[str, float]) -> dict[str, object]:
    settings: dict[str, object] = {"idle_worker_killing_time_threshold_ms": LONGEST_WAIT_MS}
    cores = resources["CPU"]
    if cores <= MOST_PREPARED and resources["memory"] >= cores * 2**30 and not resources.get("GPU"):
        settings["preload_python_modules"] = ["rhm_sweeps.running.prepared_worker"]
    return settings


@contextmanager
def _without(parts: Sequence[str]) -> Iterator[None]:
    """Leave out what Ray's node starts by these of its methods, as long as the block lasts."""
    node = ray._private.node.Node
    kept = {part: getattr(node, part) for part in parts if hasattr(node, part)}
    for part in kept:
        setattr(node, part, lambda *_, **__: None)
    try:
        yield
    finally:
        for part, method in kept.items():
            setattr(node, part, method)


@contextmanager
def sigterm_is_ours() -> Iterator[None]:
    """Put the handler of SIGTERM back, in whose place Ray sets one that exits; a signal in the meantime is not lost.

    In another thread than the main one Ray leaves Python's handler, and sets one below it with which the process aborts.
    """
    if threading.current_thread() is not threading.main_thread():
        with heard_in_python(signal.SIGTERM):
            yield
        return
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    except SystemExit:
        if not callable(handler):
            raise
        handler(signal.SIGTERM, None)
    finally:
        signal.signal(signal.SIGTERM, handler)
