"""What a Ray cluster answers to a command about a sweep that was submitted to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.printable import printable

from .followed import Asked
from .tagged_output import ERR, OUT

if TYPE_CHECKING:
    from rhm_sweeps.running.job_cluster import JobCluster
    from rhm_sweeps.running.ray_jobs import Job

TAGGED = ("python", "-m", "rhm_sweeps.cli.tagged_output")


@dataclass(frozen=True)
class There:
    """Where a submitted sweep is: its cluster, its last job if the cluster knows one, and its results folder there."""

    cluster: JobCluster
    last: Job | None
    results: Path

    @property
    def is_driven(self) -> bool:
        """Whether a job drives it."""
        return self.last is not None and not self.last.has_ended


@dataclass(frozen=True)
class Line:
    """A line of a command's output."""

    text: str
    to_stderr: bool = False


def echo(line: Line) -> None:
    """Print a line that comes from elsewhere."""
    typer.echo(printable(line.text), err=line.to_stderr)


def ask_there(asked: Asked) -> None:
    """Let the cluster answer, and end as the command did there."""
    raise typer.Exit(answer(asked, find_there(asked), echo))


def export_there(asked: Asked) -> None:
    """As `ask_there`, for what is printed."""
    if asked.values["out"]:
        raise UsageError(
            "--out names a file of this machine, and the sweep is on a cluster; leave it out and write `> results.csv`, "
            "or `--json > results.json`"
        )
    ask_there(asked)


def find_there(asked: Asked) -> There:
    """Where the sweep of a command is.

    Raises:
        SweepError: if the cluster does not answer or does not know the sweep.
    """
    from rhm_sweeps.running.job_cluster import job_cluster
    from rhm_sweeps.running.ray_jobs import jobs
    from rhm_sweeps.sweeps.sweep_jobs import job_results, last_job

    cluster = job_cluster(asked.address)
    last = last_job(jobs(cluster), asked.sweep)
    results = asked.results or job_results(last)
    if results is None:
        raise SweepError(
            f"the cluster {cluster} knows no job of a sweep {asked.sweep}; `rhm-sweep submit` starts one; if the cluster is "
            "another one since, say with --address and --results where the sweep is"
        )
    return There(cluster, last, results)


def answer(asked: Asked, there: There, say: Callable[[Line], None], *more: str) -> int:
    """Run the command on the cluster, with more words before those that were given; pass on what it says, return its exit code.

    Raises:
        SweepError: if it cannot be run there.
    """
    from rhm_sweeps.sweeps.asking import ask, code_to_send
    from rhm_sweeps.sweeps.sweep_jobs import sends_code, why_it_failed

    rest: list[str] = []

    def hear(line: str) -> None:
        if line.startswith((OUT, ERR)):
            say(Line(line[len(OUT) :], line.startswith(ERR)))
        else:
            rest.append(line)

    words = (*TAGGED, asked.command, f"--results={there.results}", *more, *asked.words("pools"))
    width = {"COLUMNS": str(shutil.get_terminal_size().columns)}
    with code_to_send(wanted=sends_code(there.last)) as package:
        job = ask(there.cluster, words, hear, package=package, follow=asked.follow, environment=width)
    never_ran = job.exit_code is None or job.exit_code in (126, 127) or any("No module named" in line for line in rest)
    if never_ran:
        reason = job.message if job.exit_code is None else why_it_failed("\n".join(rest[-1:]))
        raise SweepError(f"the cluster {there.cluster} cannot run `rhm-sweep {asked.command}`: {reason}")
    return job.exit_code or 0
