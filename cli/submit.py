"""`rhm-sweep submit`: a sweep whose driver runs on a Ray cluster, as a job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .answers import There
from .given import given_words
from .output import stderr
from .sent_sweep import send
from .session_flags import SessionFlags, session_flags
from .space_view import size_text
from .spaces import MaxSettings, Overrides, Space, accepted, load_space

JobsAddress = Annotated[
    str,
    typer.Option(
        "--address",
        envvar=["RAY_API_SERVER_ADDRESS", "RAY_ADDRESS"],
        help="Dashboard of the Ray cluster, such as http://10.0.0.1:8265, or its Ray Client, ray://10.0.0.1:10001.",
    ),
]
SharedResults = Annotated[
    Path,
    typer.Option(
        "--results",
        help="Folder of all sweeps on the cluster: an absolute path that its nodes see, with --storage its head.",
    ),
]
SendCode = Annotated[
    bool, typer.Option("--send-code", help="Send the code along; without it the cluster must have the same installed.")
]
_NOT_SENT = ("space", "overrides", "results", "address", "pools", "send_code", "as_json")


@session_flags
def submit(
    context: typer.Context,
    space: Space,
    *,
    address: JobsAddress,
    results: SharedResults,
    overrides: Overrides = None,
    max_settings: MaxSettings = None,
    send_code: SendCode = False,
    session: SessionFlags,
) -> None:
    """Send a sweep to a Ray cluster, where a job drives and trains it; this machine is not needed for it any more.

    `status`, `logs`, `stop` and the other commands about a sweep follow it from here, with nothing shared but the address.
    """
    chosen = load_space(space, overrides)

    from rhm_sweeps.running.job_cluster import job_cluster
    from rhm_sweeps.running.ray_jobs import jobs
    from rhm_sweeps.spaces.portable import portable_text
    from rhm_sweeps.sweeps.plan import check_size
    from rhm_sweeps.sweeps.submission import check_results
    from rhm_sweeps.sweeps.sweep_jobs import last_job

    check_results(results)
    check_size(chosen, accepted(max_settings))
    files = {"space.yaml": portable_text(chosen)}
    stderr.print(f"{chosen.name}: {size_text(chosen)}", markup=False)
    cluster = job_cluster(address)
    there = There(cluster, last_job(jobs(cluster), chosen.name), results)
    words = ["launch", "--yes", *given_words(context, but=_NOT_SENT), "--", "space.yaml"]
    send(there, chosen.name, words, files, session.pools, with_code=send_code, as_json=session.as_json)
