"""`rhm-sweep submit`, up to what a cluster is told; with a real cluster: test_submitted_sweep.py."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from rhm_sweeps.code_identity import code_hash
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.submitted import remember_address, remembered_address
from rhm_sweeps.version import __version__

from .conftest import RhmSweep
from .jobs_server import JobsServer, jobs_server
from .travelling_space import write_travelling_space

POOLS = "pools: {core: {memory_gib: 1}}\n"


def log_of(entrypoint: str) -> str:
    """A cluster that has the same code, and where everything is well."""
    if "code_hash" in entrypoint:
        return f"Running entrypoint for job\nrhm-sweep {__version__} {code_hash()}\n"
    return '2> it is said\n1> {"state": "running"}\n'


@pytest.fixture(autouse=True)
def _own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests have sweeps of the same name."""
    monkeypatch.setenv("RHM_SWEEP_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[JobsServer]:
    write_travelling_space(tmp_path, "small", steps=8)
    (tmp_path / "pools.yaml").write_text(POOLS)
    with jobs_server(log_of) as server:
        yield server


def submit(rhm_sweep: RhmSweep, cluster: JobsServer, *arguments: str, code: int = 0) -> str:
    words = ("submit", "small.yaml", "--address", cluster.address, "--results", "/shared/results", *arguments)
    return rhm_sweep(*words, code=code).words


def test_what_is_sent_is_one_command_and_two_files(rhm_sweep: RhmSweep, cluster: JobsServer, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    said = submit(
        rhm_sweep, cluster, "--pools", "pools.yaml", "--experiment", "a b", "-s", "steps=16", "--accept-changes"
    )
    (job,) = cluster.sent()
    assert job["submission_id"] == "rhm-sweep-small-1"
    command = "python -m rhm_sweeps launch --address=auto --results=/shared/results --pools=pools.yaml --yes"
    assert shlex.split(job["entrypoint"]) == [
        *command.split(), "--experiment=a b", "--accept-changes", "--", "space.yaml",
    ]  # fmt: skip
    assert job["metadata"] == {"results": "/shared/results", "code": "installed"}
    (files,) = cluster.packages.values()
    assert set(files) == {"space.yaml", "pools.yaml"}
    sent = SearchSpace.from_yaml(files["space.yaml"].decode())
    assert (sent.name, sent.question, sent.axes) == (
        "small",
        "Is it all there in the end?",
        SearchSpace.load("small.yaml").axes,
    )
    assert sent.trial["training"] == {"test_size": 4, "steps": 16, "batch_size": 8}
    assert sent.trial["grammar"]["explicit"] == "a>bb|bc|cb|cc; b>ij|ii c>ji|jj"
    assert "job rhm-sweep-small-1" in said
    assert "what is installed there, which is what is installed here" in said
    assert remembered_address("small") == cluster.address


def test_a_sweep_that_runs_is_refused_and_one_that_has_ended_gets_another_job(
    rhm_sweep: RhmSweep, cluster: JobsServer
) -> None:
    submit(rhm_sweep, cluster)
    cluster.states["rhm-sweep-small-1"] = "RUNNING"
    said = submit(rhm_sweep, cluster, code=1)
    assert "sweep small is already running: the job rhm-sweep-small-1 is RUNNING, in /shared/results" in said
    cluster.states["rhm-sweep-small-1"] = "FAILED"
    submit(rhm_sweep, cluster)
    assert [job["submission_id"] for job in cluster.sent()] == ["rhm-sweep-small-1", "rhm-sweep-small-2"]


def test_code_that_is_sent_is_the_whole_package_and_nothing_else(rhm_sweep: RhmSweep, cluster: JobsServer) -> None:
    said = submit(rhm_sweep, cluster, "--send-code")
    assert "that of this installation, sent along" in said
    (job,) = cluster.sent()
    assert job["metadata"]["code"] == "sent"
    names = {name for files in cluster.packages.values() for name in files if not name.endswith("/")}
    assert names >= {"rhm_sweeps/version.py", "rhm_sweeps/cli/app.py", "rhm_sweeps/search_spaces/quickstart.yaml"}
    assert all(name.startswith("rhm_sweeps/") for name in names - {"space.yaml"})
    assert {Path(name).suffix for name in names} == {".py", ".yaml", ".typed", ".j2"}


SECRET = "hunter2hunter2"


def test_no_secret_of_this_shell_is_told(
    rhm_sweep: RhmSweep, cluster: JobsServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("RAY_AUTH_TOKEN", "MLFLOW_TRACKING_PASSWORD", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:{SECRET}@host")
    space = tmp_path / "small.yaml"
    space.write_text(f"# Does it travel to http://me:{SECRET}@host ?\n{space.read_text()}")
    (tmp_path / "pools.yaml").write_text(f"# http://me:{SECRET}@host\n{POOLS}")
    said = submit(rhm_sweep, cluster, "--pools", "pools.yaml")
    told = json.dumps(cluster.jobs) + repr(cluster.packages)
    assert "http://***@host" in told
    assert SECRET not in told + said
    assert "MLFLOW_TRACKING_URI of this shell is not sent" in said
    assert all(job["runtime_env"].get("env_vars", {}).keys() <= {"COLUMNS"} for job in cluster.jobs.values())


REFUSED = {
    f"--tracking-uri=http://me:{SECRET}@host:5000": "http://***@host:5000 has a password, which everybody who reaches the cluster",
    "--tracking-uri=sqlite:///here.db": "is relative to a folder of this machine",
    "--storage=here/too": "is relative to a folder of this machine",
    "--results=here": "the results folder is 'here', but must be an absolute path",
    "--address=127.0.0.1:1": "must be that of the cluster's dashboard, such as http://10.0.0.1:8265, or of its Ray Client",
    "--pools=nowhere.yaml": "there is no file of pools nowhere.yaml",
    "--set=steps=x": "training.steps",
}


@pytest.mark.parametrize("argument", REFUSED)
def test_what_cannot_be_sent_is_refused_before_anything_is(
    rhm_sweep: RhmSweep, cluster: JobsServer, argument: str
) -> None:
    said = submit(rhm_sweep, cluster, argument, code=2)
    assert REFUSED[argument] in said
    assert SECRET not in said
    assert not cluster.jobs


def test_code_that_differs_is_refused_and_both_are_named(rhm_sweep: RhmSweep, cluster: JobsServer) -> None:
    cluster.answer = lambda entrypoint: "rhm-sweep 0.0.1 0123456789ab\n"
    said = submit(rhm_sweep, cluster, code=1)
    here = f"here it is {__version__} with code {code_hash()}"
    assert f"is 0.0.1 with code 0123456789ab, but {here}; install this one on its nodes, or send it along" in said
    cluster.answer = lambda entrypoint: "Traceback\nModuleNotFoundError: No module named 'rhm_sweeps'\n"
    assert "is none that answers (ModuleNotFoundError: No module named 'rhm_sweeps')" in submit(
        rhm_sweep, cluster, code=1
    )
    assert not cluster.jobs


def test_a_command_about_a_submitted_sweep_is_run_there(rhm_sweep: RhmSweep, cluster: JobsServer) -> None:
    submit(rhm_sweep, cluster)
    asked: list[str] = []
    cluster.answer = lambda entrypoint: asked.append(entrypoint) or log_of(entrypoint)
    said = rhm_sweep("trials", "small", "--where", "step > 2", "--sort=-step")
    assert (said.out, said.err) == ('{"state": "running"}\n', "it is said\n")
    words = ["--results=/shared/results", "--where=step > 2", "--sort=-step", "--", "small"]
    assert shlex.split(asked[-1]) == ["python", "-m", "rhm_sweeps.cli.tagged_output", "trials", *words]
    status = rhm_sweep("status", "small", "--json", "--address", cluster.address).document
    assert (status["state"], status["job"]["id"], status["job"]["exit_code"]) == ("running", "rhm-sweep-small-1", 0)
    assert "--json" in shlex.split(asked[-1])
    assert list(cluster.jobs) == ["rhm-sweep-small-1"], "short jobs are forgotten"


def test_a_sweep_that_ended_is_resumed_by_a_job_and_one_that_runs_is_asked(
    rhm_sweep: RhmSweep, cluster: JobsServer
) -> None:
    submit(rhm_sweep, cluster, "--send-code")
    rhm_sweep("extend", "small", "-s", "steps=32", "--pools", "pools.yaml")
    job = cluster.sent()[-1]
    words = "--address=auto --results=/shared/results --pools=pools.yaml --set=steps=32 -- small"
    assert shlex.split(job["entrypoint"]) == f"python -m rhm_sweeps extend {words}".split()
    assert (job["submission_id"], job["metadata"]["code"]) == ("rhm-sweep-small-2", "sent")
    cluster.states["rhm-sweep-small-2"] = "RUNNING"
    assert rhm_sweep("resume", "small").words == "it is said"
    assert (
        "--pools cannot be changed while small runs"
        in rhm_sweep("resume", "small", "--pools", "pools.yaml", code=2).words
    )
    assert len(cluster.sent()) == 2


def test_a_job_that_failed_before_it_had_a_sweep_says_why(rhm_sweep: RhmSweep, cluster: JobsServer) -> None:
    submit(rhm_sweep, cluster)
    cluster.states["rhm-sweep-small-1"] = "FAILED"
    missing = "2> Error: there is no sweep: ledger.db is missing\n"
    cluster.answer = lambda entrypoint: (
        missing if "tagged" in entrypoint else "launching\nError: cannot write to /shared\n"
    )
    said = rhm_sweep("status", "small", code=1).out
    assert said.splitlines()[0] == "small has no plan yet"
    assert said.splitlines()[-1] == "Error: cannot write to /shared"
    assert rhm_sweep("status", "small", "--json", code=1).document["state"] == "failed"
    assert rhm_sweep("logs", "small", "--tail", "1").out == "Error: cannot write to /shared\n"
    cluster.states["rhm-sweep-small-1"] = "PENDING"
    assert "rhm-sweep-small-1 on" in rhm_sweep("status", "small").out


def test_a_sweep_that_is_here_is_looked_at_here(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    remember_address("small", "http://127.0.0.1:9")
    for words in (("status", "small", "--results", "elsewhere"), ("logs", "small", "ab", "--results", "elsewhere")):
        assert "ledger.db is missing" in rhm_sweep(*words, code=1).words
    (tmp_path / "results" / "small").mkdir(parents=True)
    (tmp_path / "results" / "small" / "ledger.db").touch()
    assert rhm_sweep("status", "small").out.startswith("small: planned")
    (tmp_path / "results" / "small" / "ledger.db").unlink()
    assert "no Ray cluster takes jobs at http://127.0.0.1:9" in rhm_sweep("status", "small", code=1).words


def test_results_are_not_written_to_files_of_the_cluster(rhm_sweep: RhmSweep, cluster: JobsServer) -> None:
    submit(rhm_sweep, cluster)
    assert "leave it out and write `> results.csv`" in rhm_sweep("export", "small", "--out", "x.csv", code=2).words


def test_an_unknown_sweep_is_said(rhm_sweep: RhmSweep, cluster: JobsServer) -> None:
    said = rhm_sweep("stop", "other", "--address", cluster.address, code=1).words
    assert f"the cluster {cluster.address} knows no job of a sweep other" in said


def test_the_address_of_the_environment_counts_where_none_is_given(
    rhm_sweep: RhmSweep, cluster: JobsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "http://127.0.0.1:9")
    submit(rhm_sweep, cluster)
    assert os.environ["RAY_ADDRESS"] == "http://127.0.0.1:9"
    assert "127.0.0.1:9" in rhm_sweep("submit", "small.yaml", "--results", "/x", code=1).words
    said = rhm_sweep("launch", "small.yaml", code=2).words
    assert "(--address, else RAY_ADDRESS) is 'http://127.0.0.1:9', but must be auto or host:port" in said
    assert "rhm-sweep submit SPACE --address http://127.0.0.1:9 --results FOLDER" in said
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    for words in (("pools",), ("pools", "--address", "auto")):
        assert "cannot join a Ray cluster at 127.0.0.1:9: nobody answers" in rhm_sweep(*words, code=1).words
    monkeypatch.setenv("RAY_ADDRESS", "local")
    assert rhm_sweep("pools", "--json").document["nodes"]
