"""What is new in a ledger, sent to a tracking store: points, parameters and states."""

from __future__ import annotations

from dataclasses import replace

from rhm_sweeps.ledger import Ledger, MetricPoint, Projection, TrialRecord
from rhm_sweeps.tracking import runs
from rhm_sweeps.tracking.run_change import RunChange, portions
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
        found = (_change(session, rows[name], changed.pop(name, None), new) for name, new in by_trial.items())
        for portion in portions(change for change in found if change is not None):
            session.send(portion)
            sent += sum(len(change.points) for change in portion)
        if points:
            rows.sent_up_to(points[-1].id)
    return sent


def _change(
    session: Session, row: Projection, trial: TrialRecord | None, points: list[MetricPoint]
) -> RunChange | None:
    """What one trial has new; `trial` is given if its state is new, `points` are those recorded since the last pass."""
    if trial is None and not row.state:
        return None  # its run will get all of its points when it is made
    new = points if row.state else session.ledger.points(row.signature)
    points = [point for point in new if point.id > row.last_point]
    after = replace(row, last_point=max([row.last_point, *(point.id for point in points)]))
    if trial is None:
        return RunChange(row, after, points)
    return RunChange(
        row,
        replace(after, state=f"{trial.state}:{trial.reason}"),
        points,
        params={} if row.state else session.parameters(trial),
        tags=runs.state_tags(trial) if row.run_id else session.run_tags(trial),
        status=runs.STATUS[trial.state],
        end_ms=trial.ended_ms,
        name="" if row.run_id else session.run_name(trial),
        start_ms=trial.started_ms,
    )


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
