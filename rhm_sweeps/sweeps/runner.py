"""Runs packs on a pool by Ray Tune. Ray executes; the queue is ours, and what happened goes to the caller at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ray import tune
from ray.exceptions import RayActorError
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

from rhm_sweeps.sweeps.local_ray import local_ray
from rhm_sweeps.sweeps.pools import Pool
from rhm_sweeps.sweeps.tasks import Listener, PackTask
from rhm_sweeps.sweeps.trainable import PackTrainable

WORKER_RETRIES = 3
"""How often a pack whose process died is started again."""


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


class _InOrder(FIFOScheduler):  # type: ignore[misc]
    """Leaves it to the queue who is next.

    Asked, Ray's own scheduler names the pack that has waited longest; if that one's process is still starting, Ray ends it and gives
    the pack a process that has just become free. Packs shorter than a start would so keep every other slot from ever starting.
    """

    def choose_trial_to_run(self, tune_controller: Any, **_: Any) -> None:
        """No one in particular."""


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
        self._listener.crashed(trial.config["pack"], _cause(trial.get_pickled_error()))


def _cause(error: Exception | None) -> str:
    """Why a pack could not go on, in a line."""
    times = f"{WORKER_RETRIES + 1} times"
    if error is None or isinstance(error, RayActorError):
        return f"its process died {times}: it was killed, ran out of memory or crashed"
    return f"it failed {times}: {str(error).strip().splitlines()[-1]}"


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
    with local_ray(pool) as scratch:
        if not listener.should_stop():
            _tuner(configs, pool, listener, scratch).fit()


def _tuner(configs: Sequence[dict[str, Any]], pool: Pool, listener: Listener, scratch: Path) -> tune.Tuner:
    bundle = {"CPU": pool.cpus_per_pack} | ({"GPU": pool.gpus_per_pack} if pool.gpus_per_pack else {})
    return tune.Tuner(
        tune.with_resources(PackTrainable, tune.PlacementGroupFactory([bundle])),
        tune_config=tune.TuneConfig(
            search_alg=_Queue(iter(configs)),
            scheduler=_InOrder(),
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
