"""Commands that a Ray cluster answers: each is a short job on its head."""

from __future__ import annotations

import re
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.running.job_cluster import JobCluster
from rhm_sweeps.running.ray_jobs import Job, follow_job_log, forget_job, job_log, start_job, stop_job, wait_for_job
from rhm_sweeps.sweeps.sent_code import copy_code

_NAME = "rhm-ask-{}"
_RELATIVE = re.compile(r"--tracking-uri=sqlite:///(?!/)|--storage=(?!/|\w+://)")


def check_words(words: Iterable[str]) -> None:
    """Refuse what everybody who reaches a cluster could read.

    Raises:
        UsageError: if there is a password in a word, or a file of this machine.
    """
    for word in words:
        if redact(word) != word:
            raise UsageError(
                f"{redact(word)} has a password, which everybody who reaches the cluster could read in its list of jobs; set "
                "MLFLOW_TRACKING_URI, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, where the cluster's nodes are started"
            )
        if _RELATIVE.match(word):
            raise UsageError(
                f"{word} is relative to a folder of this machine, but must be the same place on the cluster"
            )


def ask(
    cluster: JobCluster,
    words: Sequence[str],
    hear: Callable[[str], None],
    *,
    package: Path | None = None,
    follow: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Job:
    """Run a command on the cluster's head as a job of its own, pass on each line of its log, and forget the job.

    Args:
        package: code that is to travel along.
        follow: whether lines are passed on as they come, and not when the command has ended.

    Raises:
        UsageError: if the words have a password.
        SweepError: if the job cannot be started.
    """
    check_words(words)
    job = _NAME.format(secrets.token_hex(4))
    start_job(cluster, job, words, {}, package=package, environment=environment)
    try:
        for piece in follow_job_log(cluster, job) if follow else ():
            _hear(piece, hear)
        ended = wait_for_job(cluster, job)
        if not follow:
            _hear(job_log(cluster, job), hear)
    except BaseException:
        with suppress(SweepError):
            stop_job(cluster, job)
        raise
    with suppress(SweepError):  # it only clutters the list
        forget_job(cluster, job)
    return ended


def _hear(text: str, hear: Callable[[str], None]) -> None:
    for line in text.removesuffix("\n").split("\n"):
        hear(line)


@contextmanager
def code_to_send(*, wanted: bool) -> Iterator[Path | None]:
    """This installation's code in a folder that is there while the block lasts, if it is to travel along."""
    if not wanted:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="rhm-sweep-code-") as folder:
        yield copy_code(Path(folder))
