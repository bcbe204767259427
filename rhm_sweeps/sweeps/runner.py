"""Runs packs on a pool by Ray Tune. Ray executes; the queue is ours, and what happened goes to the caller at once."""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_DEDUP_LOGS": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_WARN_THRESHOLD_S": "60",
    "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
}
os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})

import ray  # noqa: E402 - reads its switches from the environment when imported
from ray import tune  # noqa: E402
from ray.tune.experiment import Trial  # noqa: E402
from ray.tune.search import Searcher  # noqa: E402

from rhm_sweeps.errors import SweepError  # noqa: E402
from rhm_sweeps.sweeps.pools import Pool  # noqa: E402
from rhm_sweeps.sweeps.scratch import scratch_folder  # noqa: E402
from rhm_sweeps.sweeps.tasks import Listener, PackTask  # noqa: E402
from rhm_sweeps.sweeps.trainable import PackTrainable  # noqa: E402

WORKER_RETRIES = 3
"""How often a pack whose process died is started again."""
OBJECT_STORE_BYTES = 100 * 2**20


class _Queue(Searcher):  # type: ignore[misc]
    """Hands out packs in order."""

    def __init__(self, configs: Iterator[dict[str, Any]]) -> None:
        super().__init__(metric="training_iteration", mode="max")
        self._configs = configs

    def suggest(self, trial_id: str) -> dict[str, Any] | str:  # noqa: ARG002 - Ray's signature
        return next(self._configs, Searcher.FINISHED)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Nothing to learn from a finished pack."""

    def save(self, checkpoint_path: str) -> None:
        """Ray's snapshots are not used."""

    def restore(self, checkpoint_path: str) -> None:
        """Ray's snapshots are not used."""


class _Hears:
    """Holds the listener, which stays in this process: Ray pickles what it is given into its snapshots, which are not used."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def __getstate__(self) -> dict[str, Any]:
        return {}


class _Events(_Hears, tune.Callback):  # type: ignore[misc]
    """Passes Ray's events on."""

    def on_trial_start(self, iteration: int, trials: list[Trial], trial: Trial, **_: Any) -> None:  # noqa: ARG002
        self._listener.started(trial.config["pack"])

    def on_trial_result(
        self,
        iteration: int,  # noqa: ARG002 - Ray's signature
        trials: list[Trial],  # noqa: ARG002
        trial: Trial,
        result: dict[str, Any],
        **_: Any,
    ) -> None:
        self._listener.progressed(trial.config["pack"], result["progress"])

    def on_trial_error(self, iteration: int, trials: list[Trial], trial: Trial, **_: Any) -> None:  # noqa: ARG002
        self._listener.crashed(trial.config["pack"], f"its process died {WORKER_RETRIES + 1} times")


class _Stop(_Hears, tune.Stopper):  # type: ignore[misc]
    """Ends the run when the listener says so."""

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:  # noqa: ARG002 - Ray's signature
        return False

    def stop_all(self) -> bool:
        return self._listener.should_stop()


def run_packs(
    tasks: Sequence[PackTask],
    listener: Listener,
    pool: Pool,
    *,
    checkpoint_interval_s: float = 60.0,
    report_interval_s: float = 1.0,
) -> None:
    """Run packs until all are finished or the listener says stop; a stopped pack saves before it leaves.

    Raises:
        SweepError: if Ray cannot start.
    """
    configs = [
        {
            "pack": task.id,
            "trials": json.dumps([trial.model_dump() for trial in task.trials]),
            "folder": str(task.folder.resolve()),
            "models_folder": str(task.models_folder.resolve()),
            "device": pool.device,
            "checkpoint_interval_s": checkpoint_interval_s,
            "report_interval_s": report_interval_s,
        }
        for task in tasks
    ]
    with _ray(pool) as scratch:
        if not listener.should_stop():
            _tuner(configs, pool, listener, scratch).fit()


def _tuner(configs: Sequence[dict[str, Any]], pool: Pool, listener: Listener, scratch: Path) -> tune.Tuner:
    bundle = {"CPU": pool.cpus_per_pack} | ({"GPU": pool.gpus_per_pack} if pool.gpus_per_pack else {})
    return tune.Tuner(
        tune.with_resources(PackTrainable, tune.PlacementGroupFactory([bundle])),
        tune_config=tune.TuneConfig(
            search_alg=_Queue(iter(configs)),
            num_samples=-1,
            max_concurrent_trials=min(pool.slots, len(configs)),
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name="packs",
            storage_path=str(scratch),
            callbacks=[_Events(listener)],
            stop=_Stop(listener),
            failure_config=tune.FailureConfig(max_failures=WORKER_RETRIES),
            verbose=0,
        ),
    )


@contextmanager
def _ray(pool: Pool) -> Iterator[Path]:
    """A private Ray on this machine, reachable from this machine only, and a scratch folder; both gone at the end."""
    with scratch_folder() as scratch:
        try:
            with _own_sigterm():
                _start_ray(pool, scratch)
            yield scratch
        finally:
            ray.shutdown()


def _start_ray(pool: Pool, scratch: Path) -> None:
    # Without a token in the environment Ray writes one into the user's home, readable by all users of the machine.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    try:
        ray.init(
            address="local",
            num_cpus=max(1, round(pool.slots * pool.cpus_per_pack)),
            num_gpus=round(pool.slots * pool.gpus_per_pack),
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.CRITICAL,  # what goes wrong, the ledger and the view say
            object_store_memory=OBJECT_STORE_BYTES,
            _node_ip_address="127.0.0.1",
            _temp_dir=str(scratch),
        )
    except Exception as error:
        raise SweepError(f"Ray cannot start on this machine: {error}") from error


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """Put the handler of SIGTERM back, in whose place Ray sets one that exits; a signal in the meantime is not lost."""
    if threading.current_thread() is not threading.main_thread():
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
