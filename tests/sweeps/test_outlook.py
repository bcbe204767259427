"""What a launch would do, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.pools import calibration
from rhm_sweeps.pools.pools import Pool, Pools
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps import outlook
from rhm_sweeps.sweeps.folder import sweep_folder
from rhm_sweeps.sweeps.outlook import NO_BF16, look_ahead
from rhm_sweeps.sweeps.plan import finished_trials

from ..tiny_sweeps import TINY, record, tiny_plan, tiny_space

POOLS = Pools((Pool("local", "cpu", 2, 1.0, 0.0, 8.0),))


def test_it_counts_what_is_finished_and_starts_nothing(tmp_path: Path) -> None:
    folder = sweep_folder(tmp_path, "tiny")
    ahead = look_ahead(tiny_space(), POOLS, finished_trials(folder.path))
    assert (len(ahead.trials), len(ahead.plan.finished), len(ahead.packs["local"])) == (4, 0, 2)
    assert not list(tmp_path.iterdir())
    with Ledger(folder.path, create=True) as ledger:
        record(ledger, tiny_plan())
        ledger.set_state([ahead.trials[0].signature], "done")
    ahead = look_ahead(tiny_space(), POOLS, finished_trials(folder.path))
    assert (len(ahead.trials), len(ahead.plan.finished)) == (3, 1)


def test_what_is_around_the_packs_is_part_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "_SECONDS", 0.01)
    ahead = look_ahead(tiny_space(), POOLS)
    assert ahead.seconds == ahead.estimate.seconds == ahead.counts["estimate"]["seconds"]
    around = replace(ahead, around_s=7200.0)
    assert around.seconds == around.counts["estimate"]["seconds"] == pytest.approx(ahead.seconds + 7200)
    assert dict(around.rows)["time"].startswith("about 2:00:")
    gpu = look_ahead(tiny_space(), Pools((Pool("gpu", "cuda", 1, 1.0, 1.0, 8.0),)))
    assert torch.cuda.is_available() or replace(gpu, around_s=7200.0).seconds is None


@pytest.mark.parametrize(
    ("precision", "device", "has_products", "said"),
    [("bf16", "cpu", False, True), ("bf16", "cpu", True, False), ("float32", "cpu", False, False), ("bf16", "cuda", False, False)],
)  # fmt: skip
def test_it_says_where_bf16_gains_nothing(
    precision: str, device: str, has_products: bool, said: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlook, "has_bf16_products", lambda: has_products)
    pools = Pools((Pool("local", device, 2, 1.0, float(device == "cuda"), 8.0),))
    trial = TINY | {"training": {**TINY["training"], "precision": precision}}
    ahead = look_ahead(SearchSpace.build("tiny", trial=trial, space={"training.train_size": {"grid": [4, 8]}}), pools)
    assert (("precision", NO_BF16) in ahead.rows) == said
