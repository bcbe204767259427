"""Between Ray Tune and the driver: packs are asked of it one by one, and what becomes of them is told to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune.experiment import Trial
from ray.tune.search import Searcher

from rhm_sweeps.packs.memory_problem import too_big
from rhm_sweeps.running.cluster_watch import ClusterWatch
from rhm_sweeps.running.task_config import trials_in
from rhm_sweeps.running.tasks import Driver, PackTask

_LOW_ON_MEMORY = ("node running low on memory", "OOM kill reason")
_NODE_GONE = ("its node has died", "node was terminated")
_UNREACHABLE = ("actor is temporarily unavailable",)
_KILLED = ("worker process has died", "died unexpectedly")


class _TellsDriver:
    """Holds the driver, which stays in this process: Ray pickles what it is given into its snapshots, which are not used."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def __getstate__(self) -> dict[str, Any]:
        return {}


class DriverQueue(_TellsDriver, Searcher):  # type: ignore[misc]
    """Hands out what the driver hands out."""

    def __init__(
        self, driver: Driver, config: Callable[[PackTask], dict[str, Any]], watch: ClusterWatch | None = None
    ) -> None:
        _TellsDriver.__init__(self, driver)
        Searcher.__init__(self, metric="training_iteration", mode="max")
        self._config = config
        self._watch = watch

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # noqa: ARG002 - Ray's signature
        """The next pack; None to be asked again.

        With nothing at work Ray asks here once a second and no one else, so whether to stop is looked at here too.
        """
        if self._driver.should_stop():
            return str(Searcher.FINISHED)
        if self._watch and (pools := self._watch.news()):
            self._driver.resized(pools)
        task = self._driver.next_pack()
        if task is not None:
            return self._config(task)
        return str(Searcher.FINISHED) if self._driver.is_over() else None

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Nothing to learn from a finished pack."""

    def save(self, checkpoint_path: str) -> None:
        """Ray's snapshots are not used."""

    def restore(self, checkpoint_path: str) -> None:
        """Ray's snapshots are not used."""


class PackEvents(_TellsDriver, tune.Callback):  # type: ignore[misc]
    """Passes Ray's events on."""

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
        # Ray keeps the last result of every pack; the ledger has what this one says.
        self._driver.progressed(trial.config["pack"], result.pop("progress"))

    def on_trial_error(self, iteration: int, trials: list[Trial], trial: Trial, **_: Any) -> None:  # noqa: ARG002
        pack, said = trial.config["pack"], _last_words(trial)
        if is_out_of_memory(said):
            reason = "its node ran low on memory, and Ray ended its process"
            self._driver.progressed(pack, too_big(len(trials_in(trial.config)), reason))
        else:
            self._driver.crashed(pack, crash_reason(said))


def _last_words(trial: Trial) -> str:
    """What Ray wrote about the end of a trial's process, in a file of its own on this machine."""
    return Path(trial.error_file).read_text(errors="replace") if trial.error_file else ""


def is_out_of_memory(said: str) -> bool:
    """Whether Ray ended a process because the memory of its node ran out."""
    return any(words in said for words in _LOW_ON_MEMORY)


def crash_reason(said: str) -> str:
    """Why a pack's process is gone, in a line."""
    if any(words in said for words in _NODE_GONE):
        return "its node is gone"
    if any(words in said for words in _UNREACHABLE):
        return "its node cannot be reached"
    lines = said.strip().splitlines()
    if not lines or ("creation task" not in said and any(words in said for words in _KILLED)):
        return "it was killed, ran out of memory or crashed"
    return lines[-1]


class StopAsked(_TellsDriver, tune.Stopper):  # type: ignore[misc]
    """Ends the run when the driver says so."""

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:  # noqa: ARG002 - Ray's signature
        return False

    def stop_all(self) -> bool:
        return self._driver.should_stop()
