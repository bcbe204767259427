"""Sending a sweep's driver to a Ray cluster as a job."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rhm_sweeps.code_identity import code_hash
from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.running.job_cluster import JobCluster
from rhm_sweeps.running.ray_jobs import start_job
from rhm_sweeps.sweeps.asking import ask, check_words, code_to_send
from rhm_sweeps.sweeps.sweep_jobs import job_notes
from rhm_sweeps.version import __version__

RHM_SWEEP = ("python", "-m", "rhm_sweeps")
_IDENTITY = (
    "from rhm_sweeps.code_identity import code_hash; from rhm_sweeps.version import __version__; "
    "print('rhm-sweep', __version__, code_hash())"
)


def check_results(results: Path) -> None:
    """Refuse a folder whose place depends on where a process runs.

    Raises:
        UsageError: if it is relative.
    """
    if not results.is_absolute():
        raise UsageError(
            f"the results folder is {str(results)!r}, but must be an absolute path that all nodes of the cluster see, "
            "such as --results /shared/results"
        )


def submit(
    cluster: JobCluster,
    job: str,
    words: Sequence[str],
    results: Path,
    files: Mapping[str, str],
    *,
    with_code: bool,
) -> None:
    """Let a job of the cluster run `rhm-sweep` with these words, in a folder with these files, texts by name.

    Raises:
        UsageError: if the words have a password.
        SweepError: if the code there is not the code here; if the job cannot be started.
    """
    check_words(words)
    notes = job_notes(results, with_code=with_code)
    with code_to_send(wanted=with_code) as package, tempfile.TemporaryDirectory(prefix="rhm-sweep-job-") as folder:
        check_code(cluster, package)
        for name, text in files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        place = Path(folder) if files else None
        start_job(cluster, job, (*RHM_SWEEP, *words), notes, folder=place, package=package)


def check_code(cluster: JobCluster, package: Path | None = None) -> None:
    """Refuse a cluster that would train other models than this installation.

    Raises:
        SweepError: naming both versions and hashes, or what is missing there.
    """
    here = f"{__version__} with code {code_hash()}"
    said: list[str] = []
    ask(cluster, ("python", "-c", _IDENTITY), said.append, package=package)
    if (there := code_said(said)) != here:
        raise SweepError(
            f"rhm-sweep on the cluster {cluster} is {there}, but here it is {here}; install this one on its nodes, or send it "
            "along: rhm-sweep submit ... --send-code"
        )


def code_said(lines: Sequence[str]) -> str:
    """Version and hash that a cluster's answer names, or why it named none."""
    found = re.search(r"^rhm-sweep (\S+) (\w+)$", "\n".join(lines), re.MULTILINE)
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
    return f"{found[1]} with code {found[2]}" if found else f"none that answers ({last})"
