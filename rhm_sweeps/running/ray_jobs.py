"""Jobs of a Ray cluster: started, looked at, their logs read."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rhm_sweeps.errors import LockedError, SweepError
from rhm_sweeps.running.job_cluster import JobCluster

LOOK_INTERVAL_S = 0.2
ENDED = ("SUCCEEDED", "FAILED", "STOPPED")


@dataclass(frozen=True)
class Job:
    """A job as it stands: Ray's word for its state, what Ray says about it, and how its command ended, if it has."""

    id: str
    state: str
    message: str = ""
    exit_code: int | None = None
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED


def start_job(
    cluster: JobCluster,
    job: str,
    words: Sequence[str],
    notes: Mapping[str, str],
    *,
    folder: Path | None = None,
    package: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a command on the cluster's head, in a copy of a folder, with a package of Python that travels along.

    Everybody who reaches the cluster may read the words, the notes and the environment.

    Raises:
        LockedError: if there is, or was, a job of this name.
    """
    runtime: dict[str, Any] = {"env_vars": dict(environment or {})}
    runtime |= {"working_dir": str(folder)} if folder else {}
    runtime |= {"py_modules": [str(package)]} if package else {}
    try:
        cluster.asked(
            lambda: cluster.client.submit_job(
                entrypoint=shlex.join(words), submission_id=job, runtime_env=runtime, metadata=dict(notes)
            ),
        )
    except SweepError:
        if any(known.id == job for known in jobs(cluster)):
            raise LockedError(f"there is a job {job} on the cluster {cluster} already") from None
        raise


def jobs(cluster: JobCluster) -> list[Job]:
    """All jobs that the cluster knows, those that have ended too."""
    found = cluster.asked(cluster.client.list_jobs)
    return [_job(details) for details in found if details.submission_id]


def job_now(cluster: JobCluster, job: str) -> Job:
    """A job as it stands."""
    return _job(cluster.asked(lambda: cluster.client.get_job_info(job)))


def wait_for_job(cluster: JobCluster, job: str) -> Job:
    """Wait for the end of a job."""
    while not (now := job_now(cluster, job)).has_ended:
        time.sleep(LOOK_INTERVAL_S)
    return now


def job_log(cluster: JobCluster, job: str) -> str:
    """What a job has printed so far, on standard output and standard error alike."""
    return str(cluster.asked(lambda: cluster.client.get_job_logs(job)))


def follow_job_log(cluster: JobCluster, job: str) -> Iterator[str]:
    """Yield what a job prints, in pieces of whole lines, until it has ended."""
    pieces = cluster.client.tail_job_logs(job)

    async def piece() -> str | None:
        return await anext(pieces, None)

    with asyncio.Runner() as runner:
        while (text := cluster.asked(lambda: runner.run(piece()))) is not None:
            yield text


def stop_job(cluster: JobCluster, job: str) -> None:
    """End a job by SIGTERM, and after some seconds by SIGKILL."""
    cluster.asked(lambda: cluster.client.stop_job(job))


def forget_job(cluster: JobCluster, job: str) -> None:
    """Take a job that has ended out of the cluster's list."""
    cluster.asked(lambda: cluster.client.delete_job(job))


def _job(details: Any) -> Job:
    code = details.driver_exit_code
    return Job(details.submission_id, str(details.status.value), details.message or "", code, details.metadata or {})
