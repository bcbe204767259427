"""What the commands that let a job of a Ray cluster drive a sweep share."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import UsageError

from .answers import There, answer, echo, find_there
from .followed import Asked
from .output import print_json, stderr

POOLS = "pools.yaml"
ON_CLUSTER = "--address=auto"


def drive_there(asked: Asked) -> None:
    """Leave it to the job that drives the sweep; where none does, start one."""
    from rhm_sweeps.sweeps.sweep_jobs import sends_code

    there, pools = find_there(asked), asked.values["pools"]
    if there.is_driven:
        if pools:
            raise UsageError(
                f"--pools cannot be changed while {asked.sweep} runs; stop it first: rhm-sweep stop {asked.sweep}"
            )
        raise typer.Exit(answer(asked, there, echo, ON_CLUSTER))
    with_code, as_json = sends_code(there.last), asked.values["as_json"]
    words = [asked.command, *asked.words("pools", "as_json")]
    send(there, asked.sweep, words, {}, pools, with_code=with_code, as_json=as_json)


def send(
    there: There,
    sweep: str,
    words: Sequence[str],
    files: Mapping[str, str],
    pools: Path | None,
    *,
    with_code: bool,
    as_json: bool,
) -> None:
    """Let a new job of the cluster drive a sweep by a command of these words, and say how to follow it."""
    from rhm_sweeps.pools.pools_file import load_pools
    from rhm_sweeps.sweeps.submission import submit
    from rhm_sweeps.sweeps.submitted import remember_address
    from rhm_sweeps.sweeps.sweep_jobs import next_job

    job = next_job(there.last, sweep)
    command, *given = words
    options = [ON_CLUSTER, f"--results={there.results}"]
    if pools:
        load_pools(pools)
        files = {**files, POOLS: redact(pools.read_text(encoding="utf-8"))}
        options.append(f"--pools={POOLS}")
    submit(there.cluster, job, [command, *options, *given], there.results, files, with_code=with_code)
    remember_address(sweep, there.cluster.address)
    if as_json:
        code = "sent" if with_code else "installed"
        known = {"name": sweep, "job": job, "address": str(there.cluster), "results": str(there.results), "code": code}
        print_json(known)
        return
    _say_sent(there, sweep, job, with_code=with_code, tracked=any(word.startswith("--tracking-uri") for word in given))


def _say_sent(there: There, sweep: str, job: str, *, with_code: bool, tracked: bool) -> None:
    code = (
        "that of this installation, sent along"
        if with_code
        else "what is installed there, which is what is installed here"
    )
    lines = [
        f"job {job} on {there.cluster} drives {sweep}",
        f"  results     {there.results}/{sweep}, there",
        f"  code        {code}",
        f"  how it is   rhm-sweep status {sweep}",
        f"  its log     rhm-sweep logs {sweep} --follow",
        f"  end it      rhm-sweep stop {sweep}",
    ]
    if os.environ.get("MLFLOW_TRACKING_URI") and not tracked:
        lines.append(
            "  MLFLOW_TRACKING_URI of this shell is not sent: --tracking-uri is, or it is set where the cluster starts"
        )
    for line in lines:
        stderr.print(line, markup=False, soft_wrap=True)
