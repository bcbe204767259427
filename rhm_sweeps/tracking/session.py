"""A connection to a tracking store that knows which runs of a sweep are there, and makes the others."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from mlflow.entities import LifecycleStage, Param, RunTag
from mlflow.exceptions import MlflowException

from rhm_sweeps.ledger import Ledger, TrialRecord, now_ms
from rhm_sweeps.tracking import runs
from rhm_sweeps.tracking.connection import connect
from rhm_sweeps.tracking.run_change import RunChange
from rhm_sweeps.tracking.run_names import RunNames
from rhm_sweeps.tracking.run_tables import open_tables
from rhm_sweeps.tracking.search import find_runs
from rhm_sweeps.tracking.store import Store
from rhm_sweeps.tracking.watermarks import SWEEP_ROW, Watermarks

SEARCH_ONE_BY_ONE = 50


class Session:
    """A connection and what is known of the store through it."""

    def __init__(self, ledger: Ledger, store: Store, *, thorough: bool = False) -> None:
        """Connect, and find out what the ledger does not know: all of it if `thorough`, else what a crash left open.

        Raises:
            TrackingError: if the store cannot be reached or refuses.
        """
        self.ledger = ledger
        self.target = store.target
        self._connection = connect(store, create=True)
        self.client = self._connection.client
        self._uid = ledger.meta("uid") or uuid.uuid4().hex
        self._names, self._parameters = RunNames(ledger), runs.Parameters()
        self.rows = Watermarks(ledger, store.target)
        ledger.set_meta(uid=self._uid)
        if thorough or not self._has_sweep() or len(self.rows.announced()) > SEARCH_ONE_BY_ONE:
            self._find_all()
        else:
            self._find_announced()
        self._open_sweep()
        self._shared = runs.shared_tags(ledger, self._uid)
        self._tables = open_tables(self._connection, self.rows[SWEEP_ROW].run_id)
        self.rows.save()

    def _has_sweep(self) -> bool:
        """Whether the sweep's run still is where the ledger says; without it the whole store may be another one."""
        run_id = self.rows[SWEEP_ROW].run_id
        try:
            return not run_id or self.client.get_run(run_id).info.lifecycle_stage == LifecycleStage.ACTIVE
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return False
            raise

    def _find_all(self) -> None:
        found: dict[str, set[str]] = defaultdict(set)
        for run in find_runs(self._connection, {runs.LEDGER: self._uid}):
            found[run.data.tags.get(runs.SIGNATURE, SWEEP_ROW)].add(run.info.run_id)
        for signature in self.rows.signatures() | found.keys():
            self._adopt(signature, found[signature])

    def _find_announced(self) -> None:
        for signature in self.rows.announced():
            which = {runs.SIGNATURE: signature} if signature != SWEEP_ROW else {runs.ROLE: "sweep"}
            found = find_runs(self._connection, {runs.LEDGER: self._uid, **which})
            self._adopt(signature, {run.info.run_id for run in found})

    def _adopt(self, signature: str, run_ids: set[str]) -> None:
        for duplicate in self.rows.adopt(signature, run_ids):
            self.client.delete_run(duplicate)

    def _open_sweep(self) -> None:
        """Find or make the run of the sweep, and say in the ledger where it is."""
        row = self.rows[SWEEP_ROW]
        if not row.run_id:
            self.rows.announce([SWEEP_ROW])
            tags = runs.sweep_tags(self.ledger, self._uid)
            row = replace(row, run_id=self._create(self.ledger.meta("created_ms"), tags, tags[runs.SWEEP]))
            self.rows.put(row)
        if self.ledger.meta("parent_run_id") != row.run_id:
            self.ledger.set_meta(parent_run_id=row.run_id)

    def _create(self, start_ms: int | None, tags: dict[str, str], name: str) -> str:
        return str(self.client.create_run(self._connection.experiment_id, start_ms, tags, name).info.run_id)

    def run_name(self, trial: TrialRecord) -> str:
        return self._names.name(trial)

    def parameters(self, trial: TrialRecord) -> dict[str, str]:
        return self._parameters.of(trial.config)

    def run_tags(self, trial: TrialRecord) -> dict[str, str]:
        """All tags of a trial's run when it is made."""
        return runs.trial_tags(trial, self.rows[SWEEP_ROW].run_id, self._shared)

    def send(self, changes: Sequence[RunChange]) -> None:
        """Send what some trials have new: straight into the store's database if it can be, else call by call."""
        written = self._tables.write(changes) if self._tables else {}
        for change in changes:
            if run_id := written.get(change.after.signature):
                self.rows.put(replace(change.after, run_id=run_id))
            else:
                self._send_by_client(change)

    def _send_by_client(self, change: RunChange) -> None:
        run_id, tags = change.before.run_id, [RunTag(*tag) for tag in change.tags.items()]
        params = [Param(*param) for param in change.params.items()]
        if change.is_new:
            run_id, tags = self._create(change.start_ms, dict(change.tags), change.name), []
            self.rows.put(replace(change.before, run_id=run_id))
        for portion in runs.batches(runs.metrics(change.points), params, tags):
            self.client.log_batch(run_id, *portion)
        if change.status and not (change.is_new and change.status == "RUNNING"):
            self.set_status(run_id, change.status, change.end_ms)
        self.rows.put(replace(change.after, run_id=run_id))

    def set_status(self, run_id: str, status: str, end_ms: int | None = None) -> None:
        """Close a run or open it again."""
        if status == "RUNNING":
            self.client.update_run(run_id, status=status)
        else:
            self.client.set_terminated(run_id, status, end_ms or now_ms())
