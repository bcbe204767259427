"""deploy/leave_on_notice.py, with a metadata server on this machine and a `ray` that writes down how it was called."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from .metadata_server import server
from .recipe_files import DEPLOY

RECORDER = '#!/bin/sh\nprintf "%s\\n" "$@" > "$0.called"\necho >> "$0.times"\n[ "$(wc -l < "$0.times")" -gt {failures} ] || exit 3\n'


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    """The file whose being there is the notice."""
    return tmp_path / "notice"


@pytest.fixture
def metadata(notice: Path) -> Iterator[str]:
    with server(0, notice) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_address[1]}"
        serving.shutdown()


@pytest.fixture
def watch(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts the script with these words, a `ray` before others on its PATH that ends so often with 3 before it works."""

    def start(*words: str, failures: int = 0) -> subprocess.Popen[str]:
        (tmp_path / "ray").write_text(RECORDER.format(failures=failures))
        (tmp_path / "ray").chmod(0o755)
        command = [sys.executable, DEPLOY / "leave_on_notice.py", *words, "--every-s", "0.02"]
        path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        return subprocess.Popen(command, env=os.environ | path, stderr=subprocess.PIPE, text=True)

    return start


def aws_notice(seconds: float = 60) -> str:
    """As the metadata of a node have it that is taken away in so many seconds."""
    ends = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"action": "terminate", "time": ends})


@pytest.mark.parametrize(("cloud", "least_s", "most_s"), [("aws", 50, 60), ("google", 30, 30)])
def test_ray_is_told_when_the_notice_comes_and_not_before(
    cloud: str, least_s: int, most_s: int, notice: Path, metadata: str, watch: Callable[..., subprocess.Popen[str]]
) -> None:
    with watch(cloud, "--metadata", metadata) as script:
        time.sleep(0.3)
        assert script.poll() is None
        (notice.with_suffix(".new")).write_text(aws_notice())
        notice.with_suffix(".new").rename(notice)
        _, said = script.communicate(timeout=10)
    called = (notice.parent / "ray.called").read_text().splitlines()
    assert script.returncode == 0
    assert called[:2] == ["drain-node", "--reason=DRAIN_NODE_REASON_PREEMPTION"]
    left = re.fullmatch(r"--deadline-remaining-seconds=(\d+)", called[-1])
    assert left
    assert least_s <= int(left[1]) <= most_s
    assert said == f"this node is taken away in {left[1]} s\n"


def test_a_cloud_that_does_not_answer_is_named_once_and_asked_again(
    notice: Path, metadata: str, watch: Callable[..., subprocess.Popen[str]]
) -> None:
    notice.write_text("no JSON")
    with watch("aws", "--metadata", metadata) as script:
        assert script.stderr is not None
        first = script.stderr.readline()
        time.sleep(0.2)
        notice.with_suffix(".new").write_text(aws_notice())
        notice.with_suffix(".new").rename(notice)
        rest = script.stderr.read()
    assert first.startswith(f"no answer from {metadata}: ")
    assert re.fullmatch(r"this node is taken away in \d+ s\n", rest)


def test_a_ray_that_does_not_answer_is_told_again(
    notice: Path, metadata: str, watch: Callable[..., subprocess.Popen[str]]
) -> None:
    notice.write_text(aws_notice())
    with watch("aws", "--metadata", metadata, failures=2) as script:
        _, said = script.communicate(timeout=10)
    assert script.returncode == 0
    assert said.splitlines()[1:] == ["ray drain-node ended with 3; it is tried again"] * 2
    assert len((notice.parent / "ray.times").read_text().splitlines()) == 3


def test_it_is_told_no_more_when_the_node_is_gone(
    notice: Path, metadata: str, watch: Callable[..., subprocess.Popen[str]]
) -> None:
    notice.write_text(aws_notice(1))
    with watch("aws", "--metadata", metadata, failures=1000) as script:
        script.communicate(timeout=10)
    assert script.returncode == 3, "Ray's own"
    assert (notice.parent / "ray.times").exists()
