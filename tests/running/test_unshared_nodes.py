"""A real Ray cluster of two nodes, of which one does not see the results: refused without a storage, used with an S3 server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ray._private.services import node_ip_address_from_perspective
from ray.cluster_utils import Cluster as RayCluster

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.running.ray_cluster import look_at_cluster
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.training.saved_models import load_model

from ..processes import Command
from ..storage.conftest import s3_server  # noqa: F401 - a fixture
from ..storage.object_server import BUCKET
from ..storage.s3_server import S3Server
from ..tiny_sweeps import tiny_yaml
from .unshared_node import UnsharedNode, can_unshare

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray leaves files open
    pytest.mark.skipif(not can_unshare(), reason="this machine lets no process have mounts of its own"),
]

GIB = 2**30
POOLS = "pools: {plain: {memory_gib: 0.5}}\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, put_mlflow: Callable[[Path], None]) -> Path:
    """A folder from which sweeps are launched."""
    path = tmp_path_factory.mktemp("apart")
    put_mlflow(path)
    (path / "results").mkdir()
    (path / "space.yaml").write_text(tiny_yaml("apart", {"model.width": [8, 12, 16]}, steps=3000))
    (path / "pools.yaml").write_text(POOLS)
    return path


@pytest.fixture(scope="module")
def head(s3_server: S3Server) -> Iterator[RayCluster]:  # noqa: F811
    """A cluster of this machine alone, with one core, that may use the S3 server."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3_server.environment.items():
            patch.setenv(name, value)
        # Where this package was imported before Ray, a head is for this machine alone, unless it is told an address.
        own = node_ip_address_from_perspective()
        args = {"num_cpus": 1, "memory": 2 * GIB, "include_dashboard": False, "node_ip_address": own}
        cluster = RayCluster(initialize_head=True, head_node_args=args)
        yield cluster
        cluster.shutdown()


@pytest.fixture(scope="module")
def node(head: RayCluster, place: Path, s3_server: S3Server) -> Iterator[UnsharedNode]:  # noqa: F811
    """Another node with one core, for which the results folder is empty; the last test kills it."""
    node = UnsharedNode(head.address, place / "results", s3_server.environment, "--num-cpus=1", f"--memory={2 * GIB}")
    node.wait_until(lambda: len(look_at_cluster(head.address).nodes) == 2)
    yield node
    node.kill()


def launch(place: Path, head: RayCluster, *arguments: str) -> Command:
    flags = ("--pools", "pools.yaml", "--address", head.address, "--checkpoint-interval", "0")
    return Command(place, "launch", "space.yaml", *flags, *arguments)


def test_without_a_storage_the_node_is_named_before_any_pack_starts(
    head: RayCluster, node: UnsharedNode, place: Path
) -> None:
    ended = launch(place, head).wait()
    assert ended.code == 1
    folder = place / "results" / "apart"
    said = (
        rf"Error: node \S+ \([0-9a-f]{{8}}\) does not share the folder {folder}: it does not see what this command wrote there: "
        r"there is no file driver-beacon-[0-9a-f]{8}; choose a folder that all nodes share with --results, or keep checkpoints in "
        r"a storage with --storage s3://bucket/prefix\n"
    )
    assert re.search(said, ended.err), ended.err
    assert ended.err.count("does not share") == 1, "the node that shares it is not named"
    assert not list(folder.glob("driver-beacon*"))
    assert not list(folder.glob("packs/*"))
    assert not list(node.sees(place / "results"))
    with Ledger(folder) as ledger:
        assert ledger.counts()["pending"] == 3


def test_a_pack_of_a_killed_node_goes_on_on_another_from_the_storage(
    head: RayCluster,
    node: UnsharedNode,
    place: Path,
    s3_server: S3Server,  # noqa: F811
) -> None:
    folder = SweepFolder(place / "results" / "apart")
    command = launch(place, head, "--storage", f"s3://{BUCKET}/sweeps")
    try:
        command.wait_until(lambda: packs_with_points(folder) == 2, 240)
        node.kill()
        ended = command.wait(240)
    finally:
        command.kill()
    assert ended.code == 0, ended.err
    assert re.search(
        r"pack \w+(: its process died| is taken back) \(its node .*\); it goes on from its checkpoint", ended.err
    )
    with Ledger(folder.path) as ledger:
        storage = Storage(ledger.meta("storage"))
        assert ledger.counts()["done"] == 3
        steps = {point.step for point in ledger.points()}
        assert len(list(ledger.points())) == 3 * len(steps)
        signatures = list(ledger.states())
    assert storage.uri.startswith(f"s3://{BUCKET}/sweeps/apart-")
    assert {load_model(folder.models / f"{name}.safetensors").step for name in signatures} == {3000}
    assert all(folder.training_state(name).is_file() for name in signatures)
    logs = [path.read_text() for path in folder.packs.glob("*/pack.log")]
    assert sum("from the checkpoint of step" in log for log in logs) == 1
    assert not list(folder.packs.glob("*/*.ckpt")), "packs leave nothing in the results but what the driver fetches"


def test_a_node_that_joins_later_gets_one_pack_which_gives_it_back(
    head: RayCluster,
    place: Path,
    s3_server: S3Server,  # noqa: F811
) -> None:
    """The sweep goes on on the nodes that share the folder, and no trial fails."""
    command = launch(place, head, "-s", "name=later", "-s", "training.steps=6000")
    node = None
    try:
        command.wait_until(lambda: packs_with_points(SweepFolder(place / "results" / "later")) == 1, 240)
        node = UnsharedNode(
            head.address, place / "results", s3_server.environment, "--num-cpus=1", f"--memory={2 * GIB}"
        )
        ended = command.wait(280)
        assert not list(node.sees(place / "results"))
    finally:
        command.kill()
        if node:
            node.kill()
    assert ended.code == 0, ended.err
    lines = [line for line in ended.err.splitlines() if "does not share the folder" in line]
    assert len(lines) == 1, ended.err
    assert re.search(r"pack \w+ is taken back \(node .*; no pack is sent there any more\); it goes on", lines[0])
    with Ledger(place / "results" / "later") as ledger:
        assert (ledger.counts()["done"], {record.crashes for record in ledger.packs().values()}) == (3, {0})


def packs_with_points(folder: SweepFolder) -> int:
    if not (folder.path / "ledger.db").is_file():
        return 0
    with Ledger(folder.path) as ledger:
        reached = {point.signature for point in ledger.points() if point.step >= 64}
        running = {trial.signature for trial in ledger.trials("running")}
    return len(reached & running)
