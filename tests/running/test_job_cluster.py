"""Reaching a cluster that takes jobs; the jobs themselves are tested in tests/cli."""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.errors import LockedError, SweepError, UsageError
from rhm_sweeps.running import job_cluster as module
from rhm_sweeps.running.job_cluster import job_cluster
from rhm_sweeps.running.ray_jobs import job_log, jobs, start_job, wait_for_job

from ..cli.jobs_server import jobs_server


@pytest.mark.parametrize(
    "address",
    ["auto", "10.0.0.1:8265", "ftp://host:8265", "http://", "ray://:10001", "http://host:port", "http://[", ""],
)
def test_only_the_address_of_a_dashboard_or_of_ray_client_will_do(address: str) -> None:
    with pytest.raises(UsageError, match="must be that of the cluster's dashboard, such as http"):
        job_cluster(address)


@pytest.mark.parametrize("scheme", ["http", "ray"])
def test_where_nobody_answers_it_is_said_at_once(scheme: str) -> None:
    started = time.monotonic()
    said = rf"takes jobs at {scheme}://\*\*\*@127.0.0.1:9: nobody answers there .*rhm-sweeps\[cluster\]"
    with pytest.raises(SweepError, match=said):
        job_cluster(f"{scheme}://me:pw@127.0.0.1:9")
    assert time.monotonic() - started < 5


def test_a_dashboard_is_not_waited_for_as_ray_client() -> None:
    with (
        jobs_server(lambda _: "") as server,
        pytest.raises(SweepError, match="what answers there is not Ray Client; its port is 10001"),
    ):
        job_cluster(server.address.replace("http://", "ray://"))


def test_the_address_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "http://127.0.0.1:9")
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "http://127.0.0.1:9")
    with jobs_server(lambda _: "") as server:
        assert jobs(job_cluster(server.address)) == []
    assert os.environ["RAY_ADDRESS"] == os.environ["RAY_API_SERVER_ADDRESS"] == "http://127.0.0.1:9"


def test_a_name_is_taken_once_and_words_are_quoted(tmp_path: Path) -> None:
    with jobs_server(lambda entrypoint: f"{entrypoint}\n") as server:
        cluster = job_cluster(server.address)
        start_job(cluster, "a", ["echo", "b c", "$(d)"], {"note": "e"}, environment={"COLUMNS": "80"})
        ended = wait_for_job(cluster, "a")
        assert (ended.state, ended.exit_code, ended.notes) == ("SUCCEEDED", 0, {"note": "e"})
        assert job_log(cluster, "a") == "echo 'b c' '$(d)'\n"
        assert server.jobs["a"]["runtime_env"] == {"env_vars": {"COLUMNS": "80"}}
        with pytest.raises(LockedError, match=f"there is a job a on the cluster {server.address} already"):
            start_job(cluster, "a", ["true"], {})


def test_a_client_that_is_not_installed_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        if name == "ray.job_submission":
            raise ModuleNotFoundError("No module named 'aiohttp'")
        return importlib.import_module(name)

    monkeypatch.setattr(module, "import_module", missing)
    with jobs_server(lambda _: "") as server, pytest.raises(SweepError) as caught:
        job_cluster(server.address)
    assert str(caught.value).endswith("(No module named 'aiohttp'): `pip install 'rhm-sweeps[cluster]'`")


def test_of_a_server_that_fails_the_last_line_is_said_without_passwords() -> None:
    def fails() -> None:
        raise RuntimeError("Request failed with status code 500: Traceback\n  File x\nValueError: no http://me:pw@host")

    cluster = module.JobCluster("http://me:pw@host", None)
    with pytest.raises(
        SweepError, match=r"^the cluster http://\*\*\*@host refused: ValueError: no http://\*\*\*@host$"
    ):
        cluster.asked(fails)
