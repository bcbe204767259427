"""`rhm-sweep pools` on this machine; on a cluster in tests/running/test_pools_on_a_cluster.py."""

from __future__ import annotations

from pathlib import Path

from ..tiny_sweeps import tiny_yaml
from .conftest import RhmSweep

POOLS = """\
pools:
  small: {memory_gib: 1, max_packs: 1}
  tape: {memory_gib: 1, resources: {tape: 1}}
routes:
  - {when: width >= 64, pool: tape}
  - {pool: small}
"""


def test_without_a_file_there_is_the_machine(rhm_sweep: RhmSweep) -> None:
    shown = rhm_sweep("pools", "--json").document
    (node,), (pool,) = shown["nodes"], shown["pools"]
    assert (pool["name"], pool["slots"]) == ("local", node["resources"]["CPU"])
    assert pool["never"] is None


def test_what_a_space_uses_and_what_can_never_run(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(tiny_yaml("tiny", {"model.width": [8, 64]}))
    (tmp_path / "pools.yaml").write_text(POOLS)
    small, tape = rhm_sweep("pools", "space.yaml", "--pools", "pools.yaml", "--json").document["pools"]
    assert (small["slots"], small["trials"], small["packs"], small["never"]) == (1, 1, 1, None)
    assert small["seconds"] > 0
    assert (tape["slots"], tape["trials"], tape["packs"], tape["seconds"]) == (0, 1, 0, None)
    assert tape["never"].startswith("asks for 1 tape, but no node has any")
    out = rhm_sweep("pools", "space.yaml", "--pools", "pools.yaml").out
    assert "pool tape can never run a pack here: asks for 1 tape" in out
    assert " never " in out


def test_what_is_wrong_in_the_file_is_said(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    (tmp_path / "pools.yaml").write_text("pools: {a: {memory: 1}}")
    assert (
        "pools.yaml:1 pools.a.memory: there is no such key" in rhm_sweep("pools", "--pools", "pools.yaml", code=2).err
    )


def test_a_cluster_that_is_not_there_is_named(rhm_sweep: RhmSweep) -> None:
    assert "cannot join a Ray cluster at 127.0.0.1:1" in rhm_sweep("pools", "--address", "127.0.0.1:1", code=1).words
    assert (
        "submit SPACE --address ray://127.0.0.1:1" in rhm_sweep("pools", "--address", "ray://127.0.0.1:1", code=2).words
    )
    assert "must be auto or host:port" in rhm_sweep("pools", "--address", "nonsense", code=2).words
