"""Which job of a cluster is a sweep's, and what the next one is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.errors import LockedError
from rhm_sweeps.running.ray_jobs import Job
from rhm_sweeps.sweeps.sweep_jobs import job_notes, job_results, last_job, next_job, sends_code, why_it_failed

ENDED = [Job(f"rhm-sweep-a-{number}", "SUCCEEDED") for number in (1, 10, 9)]
NAMES = ("rhm-sweep-a-1-4", "rhm-sweep-b-1", "rhm-sweep-a-", "rhm-sweep-a-x", "a-11", "xrhm-sweep-a-1")
OTHERS = [Job(name, "RUNNING") for name in NAMES]


def test_jobs_are_counted_for_each_sweep() -> None:
    assert next_job(last_job(OTHERS, "a"), "a") == "rhm-sweep-a-1"
    last = last_job([*ENDED, *OTHERS], "a")
    assert last is not None
    assert (last.id, next_job(last, "a")) == ("rhm-sweep-a-10", "rhm-sweep-a-11")
    assert next_job(last_job([Job("rhm-sweep-a.b-1", "FAILED")], "aXb"), "aXb") == "rhm-sweep-aXb-1"


@pytest.mark.parametrize("state", ["PENDING", "RUNNING"])
def test_a_sweep_has_one_job_at_a_time(state: str) -> None:
    last = Job("rhm-sweep-a-3", state, notes=job_notes(Path("/shared"), with_code=False))
    with pytest.raises(LockedError, match=f"the job rhm-sweep-a-3 is {state}, in /shared; wait for it, stop it with"):
        next_job(last, "a")


def test_what_a_job_notes_is_read_again() -> None:
    job = Job("rhm-sweep-a-1", "FAILED", notes=job_notes(Path("/shared"), with_code=True))
    assert (job_results(job), sends_code(job)) == (Path("/shared"), True)
    strange = Job("rhm-sweep-a-1", "FAILED")
    assert (job_results(strange), sends_code(strange), job_results(None)) == (None, False, None)


def test_the_reason_is_the_last_error_with_its_lines_else_the_end() -> None:
    assert why_it_failed("a\nError: one\nb\nError: two\n  of it\n") == "Error: two\n  of it"
    assert why_it_failed("\n".join(map(str, range(100)))) == "\n".join(map(str, range(90, 100)))
