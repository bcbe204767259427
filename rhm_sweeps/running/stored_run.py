"""A pack that trains on a node whose files nobody else sees: in a folder of its own, which a storage mirrors."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.packs.pack_run import PackRun
from rhm_sweeps.running.scratch import scratch_folder
from rhm_sweeps.storage.outage import Outage
from rhm_sweeps.storage.pack_mirror import PackMirror
from rhm_sweeps.storage.storage import Storage

LAST_SAVE_S = 30.0
"""How long a process that is told to end waits for the storage: batch systems do not wait much longer."""

LOOK_INTERVAL_S = 1.0
"""How long one that waits for the storage says nothing."""


class StoredRun:
    """Does what a `PackRun` does, and reports that a member has ended only when the storage has what the member left.

    While the storage does not answer the pack trains on, and says so; when members end it waits, and goes on to report.
    """

    def __init__(
        self,
        trials: Sequence[TrialConfig],
        storage: Storage,
        pack: str,
        outage: Outage | None = None,
        sources: Mapping[str, Path] | None = None,
        **options: Any,
    ) -> None:
        """Begin nothing yet; `options` are those of `PackRun`, of `sources` the names of the files count."""
        self._trials, self._sources, self._options = trials, sources or {}, options
        self._stack = ExitStack()
        self._mirror = PackMirror(storage, pack, self._stack.enter_context(scratch_folder(for_sockets=False)), outage)
        self._run: PackRun | None = None
        self._held: Progress | None = None

    @property
    def folder(self) -> Path:
        """Where the pack's files are on this node."""
        return self._mirror.folder

    @property
    def members(self) -> list[TrialConfig]:
        """The trials that still train."""
        return self._run.members if self._run else []

    def advance(self, budget_s: float) -> Progress:
        """Train for some seconds, or wait for the storage.

        Raises:
            StorageRefusedError: if the storage does not let this process in, when it begins.
            StorageError: if the storage has failed for longer than the patience.
            TakenOverError: if another process has the pack by now.
        """
        run = self._run or self._begun()
        if run is None:
            time.sleep(min(budget_s, LOOK_INTERVAL_S))
            return self._waiting(Progress(0, self._trials[0].training.steps, len(self._trials), 0.0))
        progress, self._held = self._held or run.advance(budget_s), None
        if progress.endings or progress.finished:
            if not self._mirror.is_brought(budget_s):
                self._held = progress
                return self._waiting(progress)
        else:
            self._mirror.bring()
        return replace(progress, warnings=(*progress.warnings, *self._mirror.outage.news()))

    def _waiting(self, progress: Progress) -> Progress:
        """A report that nothing has ended yet."""
        news = self._mirror.outage.news()
        return replace(progress, active=max(1, progress.active), points=(), endings=(), warnings=news, left=False)

    def _begun(self) -> PackRun | None:
        """The pack as the storage has it; None as long as the storage does not answer."""
        sources: dict[str, Path] = {}

        def fetch() -> None:
            self._mirror.fetch()
            sources.update({name: self._mirror.fetch_source(path.name) for name, path in self._sources.items()})

        if self._mirror.outage.attempt(fetch):
            here = self._mirror.folder, self._mirror.models_folder
            self._run = PackRun(self._trials, *here, sources=sources, **self._options)
        return self._run

    def save(self) -> None:
        """Save, and wait a while for the storage to have it."""
        if self._run is not None:
            self._run.save()
            self._mirror.is_brought(LAST_SAVE_S)

    def close(self) -> None:
        """Let go of all that the pack has on this node."""
        self._mirror.close()
        self._stack.close()
        self._run = None
