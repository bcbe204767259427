"""A pack as the configuration of a Ray Tune trial: plain data, and little of it: Ray copies, formats and keeps it."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from rhm_sweeps.running.tasks import PackTask
from rhm_sweeps.storage.beacon import Beacon
from rhm_sweeps.storage.storage import Storage


def task_config(task: PackTask, device: str) -> dict[str, Any]:
    """What a process must know to train a pack on a device."""
    return {
        "pack": task.id,
        "pool": task.pool,
        "trials": compact(task.trials),
        "folder": str(task.folder.resolve()),
        "models_folder": str(task.models_folder.resolve()),
        "sources": {signature: str(path.resolve()) for signature, path in task.sources.items()},
        "device": device,
        "report_interval_s": task.report_interval_s,
        "judged": task.judged,
    }


def shared_place(config: Mapping[str, Any]) -> Beacon | None:
    """The beacon that a `task_config` names, by which its process finds out whether it shares what it must."""
    return (
        Beacon(Storage(beacon["uri"]), beacon["token"], beacon["folder"]) if (beacon := config.get("beacon")) else None
    )


def as_config(beacon: Beacon) -> dict[str, Any]:
    """A beacon as `shared_place` reads it."""
    return {"uri": beacon.storage.uri, "token": beacon.token, "folder": beacon.shared_folder}


def compact(trials: Mapping[str, str]) -> str:
    """The trials of a pack, which hardly differ, in a few hundred characters."""
    return base64.b85encode(zlib.compress(json.dumps(dict(trials)).encode(), level=1)).decode()


def trials_in(config: Mapping[str, Any]) -> dict[str, str]:
    """The trials of a `task_config`: JSON by signature."""
    return dict(json.loads(zlib.decompress(base64.b85decode(config["trials"]))))
