"""The jobs of a sweep on a Ray cluster, each of which drives it for a while; at most one lives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from rhm_sweeps.errors import LockedError
from rhm_sweeps.running.ray_jobs import Job

_NAME = "rhm-sweep-{}-{}"


def job_notes(results: Path, *, with_code: bool) -> Mapping[str, str]:
    """What a job says of itself to those who ask for it by the name of its sweep."""
    return {"results": str(results), "code": "sent" if with_code else "installed"}


def last_job(jobs: Iterable[Job], sweep: str) -> Job | None:
    """The job that drives a sweep, or the last one that did."""
    numbered = {_number(job, sweep): job for job in jobs}
    last = max(numbered, default=0)
    return numbered[last] if last else None


def next_job(last: Job | None, sweep: str) -> str:
    """What the next job of a sweep is called: Ray takes each name only once, so that two cannot start it at the same time.

    Raises:
        LockedError: if a job drives it.
    """
    if last and not last.has_ended:
        raise LockedError(
            f"sweep {sweep} is already running: the job {last.id} is {last.state}, in {last.notes.get('results')}; wait for "
            f"it, stop it with `rhm-sweep stop {sweep}`, or give another name with -s name=..."
        )
    return _NAME.format(sweep, _number(last, sweep) + 1 if last else 1)


def _number(job: Job, sweep: str) -> int:
    found = re.fullmatch(_NAME.format(re.escape(sweep), "([1-9][0-9]*)"), job.id)
    return int(found[1]) if found else 0


def job_results(job: Job | None) -> Path | None:
    """The results folder of a sweep's job, on the cluster."""
    return Path(job.notes["results"]) if job and "results" in job.notes else None


def sends_code(job: Job | None) -> bool:
    """Whether the job runs code that was sent along, and not what is installed."""
    return job is not None and job.notes.get("code") == "sent"


def why_it_failed(log: str) -> str:
    """What the log of a job ends with: the command's own error, else its last lines."""
    lines = log.strip().split("\n")
    errors = [index for index, line in enumerate(lines) if line.startswith("Error: ")]
    return "\n".join(lines[errors[-1] :] if errors else lines[-10:])
