"""Between Ray Tune and the driver: packs are asked of it one by one, and what becomes of them is told to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

from rhm_sweeps.packs.memory_problem import too_big
from rhm_sweeps.running.cluster_watch import ClusterNews, ClusterWatch
from rhm_sweeps.running.crash_reason import crash_reason, full_disk, is_out_of_memory, unshared_node
from rhm_sweeps.running.pack_places import PackPlaces
from rhm_sweeps.running.task_config import trials_in
from rhm_sweeps.running.tasks import Driver, PackTask


class _TellsDriver:
    """Holds the driver, which stays in this process: Ray pickles what it is given into its snapshots, which are not used."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def __getstate__(self) -> dict[str, Any]:
        return {}


class DriverQueue(_TellsDriver, Searcher):  # type: ignore[misc]
    """Hands out what the driver hands out."""

    def __init__(
        self,
        driver: Driver,
        config: Callable[[PackTask], dict[str, Any]],
        watch: ClusterWatch | None = None,
        places: PackPlaces | None = None,
    ) -> None:
        _TellsDriver.__init__(self, driver)
        Searcher.__init__(self, metric="training_iteration", mode="max")
        self._config, self._watch, self._places = config, watch, places or PackPlaces()

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # noqa: ARG002 - Ray's signature
        """The next pack; None to be asked again.

        With nothing at work Ray asks here once a second and no one else, so whether to stop is looked at here too.
        """
        if self._driver.should_stop() or self._places.full_disk:
            return str(Searcher.FINISHED)
        if self._watch and (news := self._watch.news()):
            self._tell(news)
        task = self._driver.next_pack()
        if task is not None:
            return self._config(task)
        return str(Searcher.FINISHED) if self._driver.is_over() else None

    def _tell(self, news: ClusterNews) -> None:
        for node in news.leaving:
            self._driver.vacate(node, self._places.leaves(node))
        if news.pools:
            self._driver.resized(news.pools)
            self._places.closed = {pool.name for pool in news.pools.pools if not news.pools.limits.get(pool.name)}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Nothing to learn from a finished pack."""

    def save(self, checkpoint_path: str) -> None:
        """Ray's snapshots are not used."""

    def restore(self, checkpoint_path: str) -> None:
        """Ray's snapshots are not used."""


class InOrder(_TellsDriver, FIFOScheduler):  # type: ignore[misc]
    """Leaves it to the queue who is next.

    Asked, Ray's own scheduler names the pack that has waited longest; if that one's process is still starting, Ray ends it and gives
    the pack a process that has just become free. Packs shorter than a start would so keep every other slot from ever starting.
    """

    def __init__(self, driver: Driver, places: PackPlaces) -> None:
        _TellsDriver.__init__(self, driver)
        FIFOScheduler.__init__(self)
        self._places = places

    def choose_trial_to_run(self, tune_controller: Any, **_: Any) -> None:
        """No one in particular. Packs that wait for a process in a pool without nodes are taken back: Ray would wait for ever."""
        closed, self._places.closed = self._places.closed, set()
        for trial in list(tune_controller.get_trials()) if closed else ():
            if trial.status == Trial.PENDING and trial.config["pool"] in closed:
                tune_controller.stop_trial(trial)
                self._driver.crashed(trial.config["pack"], "its pool has no slots any more", blameless=True)


class PackEvents(_TellsDriver, tune.Callback):  # type: ignore[misc]
    """Passes Ray's events on."""

    def __init__(self, driver: Driver, places: PackPlaces | None = None) -> None:
        _TellsDriver.__init__(self, driver)
        self._places = places or PackPlaces()
        self._ending: set[str] = set()
        """Trials of Ray that have given up their pack, and whose process ends."""

    def on_trial_start(self, iteration: int, trials: list[Trial], trial: Trial, **_: Any) -> None:  # noqa: ARG002
        self._driver.started(trial.config["pack"])

    def on_trial_result(
        self,
        iteration: int,  # noqa: ARG002 - Ray's signature
        trials: list[Trial],  # noqa: ARG002
        trial: Trial,
        result: dict[str, Any],
        **_: Any,
    ) -> None:
        pack, progress = trial.config["pack"], result.pop("progress")
        leaving = self._places.seen(pack, result.get("node", ""))
        # Ray keeps the last result of every pack; the ledger has what this one says.
        self._driver.progressed(pack, progress)
        if progress.finished:
            self._places.gone(pack)
            if not result["done"]:
                self._ending.add(trial.trial_id)
        elif leaving:
            self._driver.vacate(leaving, (pack,))

    def on_trial_error(self, iteration: int, trials: list[Trial], trial: Trial, **_: Any) -> None:  # noqa: ARG002
        if trial.trial_id in self._ending:
            self._ending.remove(trial.trial_id)
            return
        pack, said = trial.config["pack"], _last_words(trial)
        if full := full_disk(said):
            self._places.full_disk = full  # Ray would wrap what is raised here
            return
        unshared = unshared_node(said)
        if self._places.gone(pack):
            self._driver.crashed(pack, "its node has left the cluster", blameless=True)
        elif unshared[0]:
            self._places.unshared.add(unshared[0])
            self._driver.crashed(pack, f"{unshared[1]}; no pack is sent there any more", blameless=True)
        elif is_out_of_memory(said):
            reason = "its node ran low on memory, and Ray ended its process"
            self._driver.progressed(pack, too_big(len(trials_in(trial.config)), reason))
        else:
            self._driver.crashed(pack, crash_reason(said))


def _last_words(trial: Trial) -> str:
    """What Ray wrote about the end of a trial's process, in a file of its own on this machine."""
    return Path(trial.error_file).read_text(errors="replace") if trial.error_file else ""


class StopAsked(_TellsDriver, tune.Stopper):  # type: ignore[misc]
    """Ends the run when the driver says so, or where a disk is full."""

    def __init__(self, driver: Driver, places: PackPlaces | None = None) -> None:
        super().__init__(driver)
        self._places = places or PackPlaces()

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:  # noqa: ARG002 - Ray's signature
        return False

    def stop_all(self) -> bool:
        return self._driver.should_stop() or bool(self._places.full_disk)
