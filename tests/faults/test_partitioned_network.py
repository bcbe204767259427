"""A node that cannot be reached any more, and whose processes live on: real `ray start` nodes in network namespaces."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.packs.pack_claim import FILE_NAME as OWNER

from ..processes import WORKERS, is_alive
from .conftest import Report, Stages
from .network import Host, Network, can_network
from .ray_node import TOKEN, RayNode
from .stage import NAME, PATIENCE_S, Stage, ended_well, step_environment
from .test_signals import INTERVAL, LOST_S, STEP_S
from .training_site.sitecustomize import RENAME_LOG

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not can_network(), reason="only root may make network namespaces, and not everywhere"),
]

PORT = 6379
TRIALS, SLOTS = 4, 2
HEALTH = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "4",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "600",
}
"""Ray takes a node for dead some 10 s after it was heard last; one that is cut off waits ten minutes for its head."""
BRIEF_S = 4.0
IDLE_S, BUSY_PERCENT = 5.0, 12.0
"""A process of Ray that does nothing takes some percent of a core."""


@dataclass
class CutOff:
    """A cluster of two hosts with a core each, and a third that may join."""

    folder: Path
    network: Network
    nodes: list[RayNode]

    @property
    def renames(self) -> Path:
        return self.folder / "renames.log"

    @property
    def far(self) -> Host:
        return self.network.hosts[1]

    def join(self) -> RayNode:
        """Start a node on the next host; the first is the head."""
        first, host = self.network.hosts[0], self.network.hosts[len(self.nodes)]
        environment = {**HEALTH, **step_environment(self.folder, STEP_S), RENAME_LOG: str(self.renames)}
        name = f"node-{host.ip}"
        head = not self.nodes
        node = RayNode(self.folder, name, PORT, environment, head=head, head_ip=first.ip, host=host)
        self.nodes.append(node)
        return node

    def trainer(self) -> psutil.Process:
        """The process that trains on the far node."""
        (found,) = [one for one in self.nodes[1].process.children(recursive=True) if _title(one).startswith(WORKERS)]
        return found

    def written_by(self, process: psutil.Process) -> list[str]:
        """The files that a process has put under their final names."""
        lines = (line.split(" ", 1) for line in self.renames.read_text().splitlines())
        return [path for pid, path in lines if int(pid) == process.pid]


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@pytest.fixture
def cluster(mlflow_folder: Path) -> Iterator[CutOff]:
    network = Network(3)
    made = CutOff(mlflow_folder, network, [])
    try:
        made.join().wait_until_up(PATIENCE_S)
        made.join().wait_until_up(PATIENCE_S)
        yield made
    finally:
        for node in reversed(made.nodes):
            node.kill()
        network.end()


def launch(cluster: CutOff, stage: Stages) -> Stage:
    """Launch a sweep on the head, of two packs for each node, and wait until both nodes train."""
    made = stage(2, steps="{grid: [3000, 3001]}")
    made.within = cluster.network.hosts[0].within
    command = made.start("launch", f"{NAME}.yaml", "--address", cluster.nodes[0].address, *INTERVAL, **TOKEN)

    def both_train() -> bool:
        return [step for _, step in made.oracle.steps()].count(300) == SLOTS

    command.wait_until(both_train, PATIENCE_S)
    return made


def owners(made: Stage) -> dict[str, str]:
    """The token of the process that has each pack."""
    return {path.parent.name: path.read_text() for path in made.folder.packs.glob(f"*/{OWNER}")}


def taken(made: Stage, before: Mapping[str, str]) -> dict[str, str]:
    """The tokens of packs that another process has than before."""
    return {pack: token for pack, token in owners(made).items() if token != before.get(pack, token)}


def wait_until_idle(process: psutil.Process) -> None:
    """Wait until a process has ended what it was about: it trains at a third of a core."""
    deadline = time.monotonic() + 60
    while process.cpu_percent(IDLE_S) > BUSY_PERCENT:
        assert time.monotonic() < deadline, "still at work"


def crashes(made: Stage) -> int:
    with Ledger(made.folder.path) as ledger:
        return sum(pack.crashes for pack in ledger.packs().values())


CASES = [
    ("node cut off from the network", "its process lived on"),
    (
        "node cut off, its process stalls",
        "its process woke in the middle of a step when its pack was another's, and ended it",
    ),
]


@pytest.mark.parametrize(("fault", "meanwhile"), CASES, ids=[fault for fault, _ in CASES])
def test_a_node_is_cut_off(cluster: CutOff, stage: Stages, report: Report, fault: str, meanwhile: str) -> None:
    """Its pack goes on elsewhere; the process that had it lives and writes nothing more, also when the network is back."""
    made, stalls = launch(cluster, stage), "stalls" in fault
    command, trainer, before = made.commands[0], cluster.trainer(), owners(made)
    cluster.network.cut(cluster.far)
    cut = time.monotonic()
    if stalls:
        trainer.send_signal(signal.SIGSTOP)
    cluster.join()
    command.wait_until(lambda: bool(taken(made, before)), PATIENCE_S)
    recovery_s = time.monotonic() - cut
    ((pack, owner),) = taken(made, before).items()
    written = cluster.written_by(trainer)
    assert is_alive(trainer)
    if stalls:
        trainer.send_signal(signal.SIGCONT)
    wait_until_idle(trainer)
    cluster.network.mend(cluster.far)
    ended = ended_well(command)
    assert cluster.written_by(trainer) == written
    assert owners(made).get(pack, owner) == owner
    happened = f"its pack went on from its checkpoint on a node that joined; {meanwhile}, wrote nothing more; the network came back"
    record = report(made.oracle.look(fault, happened, made.commands, recovery_s, [ended.code]))
    assert (record.done, crashes(made)) == (TRIALS, 1)
    assert record.steps_redone <= 2 * LOST_S / STEP_S
    psutil.wait_procs([trainer], timeout=180)
    assert not is_alive(trainer)


def test_the_network_is_gone_for_a_moment(cluster: CutOff, stage: Stages, report: Report) -> None:
    """Shorter than Ray's patience: no process is taken for dead."""
    made = launch(cluster, stage)
    command, trainer, before = made.commands[0], cluster.trainer(), owners(made)
    cluster.network.cut(cluster.far)
    time.sleep(BRIEF_S)
    written = cluster.written_by(trainer)
    cluster.network.mend(cluster.far)
    mended = time.monotonic()
    command.wait_until(lambda: cluster.written_by(trainer) != written, PATIENCE_S)
    recovery_s = time.monotonic() - mended
    ended = ended_well(command)
    assert {pack: token for pack, token in owners(made).items() if pack in before} == before
    happened = f"for {BRIEF_S:g} s, less than Ray waits: the pack went on where it was"
    record = report(made.oracle.look("network gone for a moment", happened, made.commands, recovery_s, [ended.code]))
    assert (record.done, record.steps_redone, crashes(made)) == (TRIALS, 0, 0)
