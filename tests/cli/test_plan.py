"""`rhm-sweep plan`."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.config import TrialConfig

from .conftest import RhmSweep

TINY = "name: tiny\ntrial: {model: {width: 8}, evaluation: {num_samples: 8}}\ntrials: [{training.steps: 4}, {training.steps: 8}]\n"


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    (tmp_path / "tiny.yaml").write_text(TINY)
    return "tiny.yaml"


@pytest.mark.slow
def test_the_size_comes_first_and_then_the_trials(rhm_sweep: RhmSweep, tiny: str) -> None:
    lines = rhm_sweep("plan", tiny, "-s", "replicas=2", "--show", "2").out.splitlines()
    assert lines[1] == "4 settings"
    assert next(line for line in lines if line.split()[:1] == ["trials"]).split() == ["trials", "4"]
    first = rhm_sweep("plan", tiny, "-s", "replicas=2", "--show", "2", "--json").document["first"]
    assert [row["settings"]["training.seed"] for row in first] == [TrialConfig().training.seed, 1]
    assert all(any(row["signature"] in line for line in lines) for row in first)


def test_a_space_that_is_too_large_is_refused_after_its_size_is_said(rhm_sweep: RhmSweep, tiny: str) -> None:
    said = rhm_sweep("plan", tiny, "-s", "seed_rules=range:0,2000000", code=2)
    assert "2,000,002 settings" in said.out
    assert "must have <= 1,000,000; coarsen an axis, or accept as many with --max-settings 2000002" in said.words


@pytest.mark.slow
def test_each_pool_has_its_packs_and_its_time(rhm_sweep: RhmSweep, tiny: str, tmp_path: Path) -> None:
    routes = "routes: [{when: steps > 4, pool: long}, {pool: short}]"
    (tmp_path / "pools.yaml").write_text(
        "pools: {short: {memory_gib: 1, max_packs: 1}, long: {memory_gib: 2, max_packs: 1}}\n" + routes
    )
    words = " ".join(rhm_sweep("plan", tiny, "-s", "replicas=2", "--pools", "pools.yaml").out.split())
    assert "pool short 1 cpu slot, 1 pack, 0:0" in words
    assert "pool long 1 cpu slot, 1 pack, 0:0" in words
