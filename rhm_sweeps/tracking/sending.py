"""What is new in a ledger, sent to a tracking store: points, parameters and states."""

from __future__ import annotations

from dataclasses import replace

from mlflow.entities import RunTag

from rhm_sweeps.ledger import Ledger, MetricPoint, Projection, TrialRecord
from rhm_sweeps.tracking import runs
from rhm_sweeps.tracking.session import Session
from rhm_sweeps.tracking.watermarks import SWEEP_ROW

CHUNK = 10_000


def sweep_state(ledger: Ledger) -> str:
    """The state of a sweep as its ledger says it: "running" unless it ended."""
    return str(ledger.meta("state") or "running")


def send_trials(session: Session) -> int:
    """Send new points and states of all trials; returns the number of points."""
    rows = session.rows
    changed = {trial.signature: trial for trial in session.ledger.unprojected(session.target)}
    rows.announce(changed)
    sent, last = 0, False
    while not last:
        points = list(session.ledger.points(after=rows[SWEEP_ROW].last_point, limit=CHUNK))
        last = len(points) < CHUNK
        by_trial: dict[str, list[MetricPoint]] = {signature: [] for signature in (changed if last else ())}
        for point in points:
            by_trial.setdefault(point.signature, []).append(point)
        for signature, new in by_trial.items():
            sent += _send_trial(session, rows[signature], changed.pop(signature, None), new)
        if points:
            rows.sent_up_to(points[-1].id)
    return sent


def _send_trial(session: Session, row: Projection, trial: TrialRecord | None, points: list[MetricPoint]) -> int:
    """Send what one trial has new; `trial` is given if its state is new, `points` are those recorded since the last pass."""
    if trial is None and not row.state:
        return 0  # its run will get all of its points when it is made
    new = points if row.state else session.ledger.points(row.signature)
    points = [point for point in new if point.id > row.last_point]
    params, tags, created = [], [], False
    if trial is not None:
        params = [] if row.state else runs.parameters(trial.config)
        tags = [RunTag(*tag) for tag in runs.state_tags(trial).items()]
        created = not row.run_id
        if created:
            row = session.rows.put(replace(row, run_id=session.create_trial(trial)))
    for portion in runs.batches(runs.metrics(points), params, tags):
        session.client.log_batch(row.run_id, *portion)
    if trial is not None:
        if not created or trial.state != "running":
            session.set_status(row.run_id, runs.STATUS[trial.state], trial.ended_ms)
        row = replace(row, state=f"{trial.state}:{trial.reason}")
    session.rows.put(replace(row, last_point=max([row.last_point, *(point.id for point in points)])))
    return len(points)


def send_sweep_state(session: Session) -> None:
    """Close or reopen the sweep's run, and with it the runs of trials that nobody is training now."""
    row, state = session.rows[SWEEP_ROW], sweep_state(session.ledger)
    if state == row.state:
        return
    status = runs.SWEEP_STATUS.get(state, "KILLED")
    for trial in session.ledger.trials("running"):
        if run_id := session.rows[trial.signature].run_id:
            session.set_status(run_id, "RUNNING" if status == "RUNNING" else "KILLED")
    session.set_status(row.run_id, status)
    session.rows.put(replace(row, state=state))
