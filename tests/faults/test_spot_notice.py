"""A cloud takes a spot node away: the recipe's script hears of it from a metadata server and has Ray drain the node."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ..deploy import metadata_server
from ..deploy.recipe_files import DEPLOY
from .conftest import Report, Stages
from .network import can_network
from .ray_node import TOKEN
from .stage import ended_well
from .test_nodes import has_left
from .test_partitioned_network import TRIALS, CutOff, cluster, crashes, launch  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not can_network(), reason="only root may make network namespaces, and not everywhere"),
]

PORT, NOTICE_S = 8080, 120


@contextmanager
def watched(cluster: CutOff, notice: Path) -> Iterator[subprocess.Popen[str]]:  # noqa: F811
    """The metadata server and the recipe's script on the far node, as the script's process.

    Ray's files lie under one path on all hosts, and a program finds its own node by them.
    """
    server = [sys.executable, metadata_server.__file__, str(PORT), str(notice)]
    script = [sys.executable, str(DEPLOY / "leave_on_notice.py"), "aws", "--metadata", f"http://127.0.0.1:{PORT}"]
    head, far = (node.scratch for node in cluster.nodes)
    as_on_its_disk = ["unshare", "--mount", "sh", "-c", f'mount --bind {far} {head} && exec "$@"', "sh"]
    known = {**TOKEN, "RAY_ADDRESS": cluster.nodes[0].address}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with (
        subprocess.Popen([*cluster.far.within, *server]) as serving,
        subprocess.Popen(
            [*cluster.far.within, *as_on_its_disk, *script],
            env={**os.environ, **known, "PATH": path},
            stderr=subprocess.PIPE,
            text=True,
        ) as script_process,
    ):
        try:
            yield script_process
        finally:
            script_process.kill()
            serving.kill()


def test_a_spot_node_is_left_before_it_is_taken(cluster: CutOff, stage: Stages, report: Report) -> None:  # noqa: F811
    """Another one joins, and its pack goes on there without a step redone."""
    notice = cluster.folder / "notice"
    with watched(cluster, notice) as script:
        made = launch(cluster, stage)
        command = made.commands[0]
        assert script.poll() is None
        taken = datetime.now(UTC) + timedelta(seconds=NOTICE_S)
        notice.write_text(json.dumps({"action": "terminate", "time": taken.strftime("%Y-%m-%dT%H:%M:%SZ")}))
        noticed = time.monotonic()
        command.wait_until(lambda: has_left(made), NOTICE_S)
        left_s = time.monotonic() - noticed
        assert script.wait(NOTICE_S) == 0, script.stderr and script.stderr.read()
        cluster.join()
        cluster.nodes[1].kill()
        ended = ended_well(command)
    assert ended.err.count(" leaves the cluster by ") == 1
    happened = f"by AWS's notice, which deploy/leave_on_notice.py heard; its pack had left {left_s:.0f} s later"
    record = report(made.oracle.look("spot node is taken away", happened, made.commands, None, [ended.code]))
    assert (record.done, record.steps_redone, crashes(made)) == (TRIALS, 0, 0)
