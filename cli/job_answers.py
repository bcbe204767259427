"""`status` and `logs` of a sweep that was submitted: its job has something to say too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from rhm_sweeps.errors import SweepError

from .answers import Line, There, answer, ask_there, echo, find_there
from .followed import Asked
from .output import print_json, stderr, stdout

if TYPE_CHECKING:
    from rhm_sweeps.running.ray_jobs import Job

INTERRUPTED = (130, 143)
NO_SWEEP = "ledger.db is missing"


def status_there(asked: Asked) -> None:
    """What `status` says there, and how the job stands; of a job that has no sweep yet, or came to none, why."""
    there = find_there(asked)
    said: list[Line] = []

    def hear(line: Line) -> None:
        if asked.follow and line.to_stderr and NO_SWEEP not in line.text:
            echo(line)  # as it comes
        else:
            said.append(line)

    code = answer(asked, there, hear)
    is_planned = not any(NO_SWEEP in line.text for line in said)
    if there.last is None or (code and is_planned):
        for line in said:
            echo(line)
        raise typer.Exit(code)
    job = _document(there, there.last)
    if asked.values["as_json"]:
        document = "".join(line.text for line in said if not line.to_stderr)
        state = "starting" if there.is_driven else "failed"
        print_json((json.loads(document) if is_planned else {"name": asked.sweep, "state": state}) | {"job": job})
    else:
        for line in said if is_planned else [Line(f"{asked.sweep} has no plan yet")]:
            echo(line)
        _print_job(there, job)
    raise typer.Exit(0 if is_planned or there.is_driven else 1)


def _document(there: There, last: Job) -> dict[str, Any]:
    """The job as it stands now, and why it failed if it did."""
    from rhm_sweeps.running.ray_jobs import job_log, job_now
    from rhm_sweeps.sweeps.sweep_jobs import why_it_failed

    now = job_now(there.cluster, last.id)
    reason = None
    if now.state == "FAILED" and now.exit_code not in INTERRUPTED:
        reason = now.message if now.exit_code is None else why_it_failed(job_log(there.cluster, now.id))
    known = {"id": now.id, "address": str(there.cluster), "results": str(there.results)}
    return known | {"state": now.state, "exit_code": now.exit_code, "reason": reason}


def _print_job(there: There, job: Mapping[str, Any]) -> None:
    ended = "" if job["exit_code"] is None else f", exit code {job['exit_code']}"
    stdout.print(f"job {job['id']} on {there.cluster}: {job['state']}{ended}", markup=False, soft_wrap=True)
    if job["reason"]:
        stdout.print(job["reason"], markup=False, soft_wrap=True)


def logs_there(asked: Asked) -> None:
    """The log of a trial, or if none is named that of the job that drives the sweep."""
    if asked.values["trial"]:
        ask_there(asked)
    from rhm_sweeps.running.ray_jobs import follow_job_log, job_log, job_now

    there, tail = find_there(asked), asked.values["tail"]
    if there.last is None:
        raise SweepError(f"the cluster {there.cluster} knows no job of a sweep {asked.sweep}; name one of its trials")
    if asked.follow and there.is_driven:
        for piece in follow_job_log(there.cluster, there.last.id):
            echo(Line(piece.removesuffix("\n")))
        stderr.print(f"job {there.last.id}: {job_now(there.cluster, there.last.id).state}", markup=False)
        return
    lines = job_log(there.cluster, there.last.id).removesuffix("\n").split("\n")
    lines = lines[-tail:] if tail else lines
    if asked.values["as_json"]:
        print_json(_document(there, there.last) | {"lines": lines})
        return
    for text in lines:
        echo(Line(text))
