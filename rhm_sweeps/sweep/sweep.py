"""A sweep as an object: each method does what the command of its name does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.spaces.overrides import apply_overrides
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweep.record import SweepRecord, recorded_space
from rhm_sweeps.sweep.training import Training, train
from rhm_sweeps.sweeps import session
from rhm_sweeps.sweeps.drive import Outcome, outcome_of
from rhm_sweeps.sweeps.folder import sweep_folder
from rhm_sweeps.sweeps.growth import extend_sweep
from rhm_sweeps.sweeps.lock import is_locked
from rhm_sweeps.sweeps.outlook import Outlook, look_ahead
from rhm_sweeps.sweeps.plan import MAX_SETTINGS, finished_trials
from rhm_sweeps.sweeps.requests import unpause_sweep
from rhm_sweeps.sweeps.second_chance import choose_again, take_up


class Sweep(SweepRecord):
    """A search space, and the folder of its sweep: `results/<name>/`.

    Whatever goes wrong is an error of `rhm_sweeps.errors`: `UsageError` and `ConfigError` for what was asked, `SweepError` for a sweep
    that cannot be opened or trained, `Interrupted` for one that was stopped and can be resumed.
    """

    def __init__(self, space: SearchSpace, results: str | Path = "results") -> None:
        self.space = space
        self.folder = sweep_folder(Path(results), space.name)
        self._training = Training()

    @classmethod
    def from_yaml(cls, name_or_path: str | Path, *changes: str, results: str | Path = "results") -> Self:
        """A sweep over a shipped search space or that of a YAML file, with changes as behind `-s`: `"train_size=grid:64,128"`.

        Raises:
            UsageError, ConfigError: if there is no such space, or all that is wrong in it.
        """
        return cls(apply_overrides(SearchSpace.load(name_or_path), changes), results)

    @classmethod
    def build(cls, name: str, *, results: str | Path = "results", **document: Any) -> Self:
        """A sweep over a space of Python values: `trial`, `space`, `search`, `replicas` and the other keys of the YAML file.

        Raises:
            ConfigError: all that is wrong in it.
        """
        return cls(SearchSpace.build(name, **document), results)

    @classmethod
    def open(cls, name: str, results: str | Path = "results") -> Self:
        """A sweep that exists, with the space that it has by now.

        Raises:
            UsageError, SweepError: if there is no such sweep.
        """
        return cls(recorded_space(sweep_folder(Path(results), name)), results)

    def __repr__(self) -> str:
        return f"Sweep {self.space.name} of {self.space.size:,} settings in {self.folder.path}"

    def plan(
        self,
        *,
        pools: str | Path | None = None,
        address: str | None = None,
        in_process: bool = False,
        max_settings: int = MAX_SETTINGS,
    ) -> Outlook:
        """What a launch would train: `trials`, `packs` of each pool, the `estimate` of time, memory and FLOPs. It starts nothing."""
        place = Training(pools, address, in_process).place(self.folder)
        return look_ahead(self.space, place.pools, finished_trials(self.folder.path), max_settings)

    def launch(
        self,
        *,
        pools: str | Path | None = None,
        address: str | None = None,
        in_process: bool = False,
        tracking_uri: str | None = None,
        experiment: str | None = None,
        checkpoint_interval_s: float = 60.0,
        accept_changes: bool = False,
        max_settings: int = MAX_SETTINGS,
        storage: str | None = None,
    ) -> Outcome:
        """Train all trials of the space that are not trained yet, with a live view, and return how the trials ended.

        An interrupt (Ctrl-C, or that of the notebook's kernel) lets the packs save; `resume` goes on. A second one ends it at once.

        Args:
            pools: a YAML file of pools and routes; default: those of the sweep's last session, else this machine.
            address: of a Ray cluster, `auto` or host:port; default: a Ray of its own on this machine.
            in_process: train here, one pack after another, without Ray: for small sweeps, notebooks and debuggers.
            tracking_uri, experiment: of MLflow; default: as before, else as the environment says, else `mlflow.db` beside the results.
            checkpoint_interval_s: seconds of training that a crash may cost.
            accept_changes: go on although the code has changed since the sweep started.
            max_settings: accept a space of so many settings.
            storage: where packs keep their files if nodes share no folder: `s3://bucket/prefix`, `gs://bucket/prefix` or a path;
                default: as before, else the sweep's folder.

        Raises:
            Interrupted: if trials are left to be trained.
            LockedError: if another process drives the sweep.
            UsageError, ConfigError, SweepError, TrackingError: before anything starts.
        """
        self._training = training = Training(
            pools,
            address,
            in_process,
            tracking_uri,
            experiment,
            checkpoint_interval_s,
            accept_changes,
            max_settings,
            storage,
        )
        place = training.place(self.folder)
        options = training.options(self.folder, place)
        return train(lambda console, stop: session.launch(self.space, options, place.pools, place.run, console, stop))

    def resume(self, **training: Any) -> Outcome:
        """Train what is left of the sweep here, or let a paused one go on where it is driven; return how the trials ended so far.

        Args:
            training: arguments of `launch`; default: those of this object's last.

        Raises:
            SweepError: if there is no such sweep; otherwise as `launch`.
        """
        self._training = replace(self._training, **training)
        if unpause_sweep(self.folder):
            return self._outcome()
        place = self._training.place(self.folder)
        options = self._training.options(self.folder, place)
        name = self.folder.path.name
        return train(lambda console, stop: session.resume(name, options, place.pools, place.run, console, stop))

    def extend(self, *changes: str, **training: Any) -> Outcome:
        """Add values, draws, replicas or steps, written as behind `-s`, and train them: where the sweep is driven, else here.

        `"train_size=grid:512"` adds a value; `"steps=32768"` and `"replicas=5"` replace; trials with more steps go on where they ended.

        Raises:
            ConfigError, UsageError: if a change cannot be read or made; otherwise as `resume`.
        """
        self._training = replace(self._training, **training)
        with Ledger(self.folder.path) as ledger:
            extend_sweep(ledger, self.folder, changes, self._training.place(self.folder).pools)
        self.space = recorded_space(self.folder)
        return self._go_on()

    def retry(
        self, where: str | None = None, *, trials: Sequence[str] = (), stopped: bool = False, **training: Any
    ) -> Outcome:
        """Train failed trials again from step 0, or with `stopped` go on with those; where the sweep is driven, else here.

        Args:
            where: a condition on trials; default: all.
            trials: the first digits of signatures; default: all.

        Raises:
            UsageError: if there is no such trial; otherwise as `resume`.
        """
        self._training = replace(self._training, **training)
        with Ledger(self.folder.path) as ledger:
            chosen = choose_again(ledger, self.folder, ["stopped" if stopped else "failed"], where, trials)
            take_up(ledger, self.folder, chosen, self._training.place(self.folder).pools)
        return self._go_on()

    def _go_on(self) -> Outcome:
        return self._outcome() if is_locked(self.folder.path) else self.resume()

    def _outcome(self) -> Outcome:
        with Ledger(self.folder.path) as ledger:
            return outcome_of(ledger)
