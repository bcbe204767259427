"""What a Ray actor runs, without Ray: one pack after another, and no exception gets out."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.errors import OtherCodeError, StorageError, SweepError
from rhm_sweeps.packs.pack_claim import PackClaim
from rhm_sweeps.packs.pack_orders import PackOrders, write_orders
from rhm_sweeps.running import trainable as module
from rhm_sweeps.running.installed_code import installed_code
from rhm_sweeps.running.task_config import as_config, compact
from rhm_sweeps.running.trainable import PackTrainable
from rhm_sweeps.storage import beacon as beacon_module
from rhm_sweeps.storage.beacon import Beacon
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.training.checkpoints import latest_checkpoint

from ..tiny_sweeps import tiny_packs, tiny_plan


def config(trials: tuple[TrialConfig, ...], folder: Path, **options: Any) -> dict[str, Any]:
    return {
        "pack": "p",
        "trials": compact({trial.signature: trial.model_dump_json() for trial in trials}),
        "folder": str(folder / "pack"),
        "models_folder": str(folder / "models"),
        "sources": {},
        "device": "cpu",
        "checkpoint_interval_s": 60.0,
        "report_interval_s": 10.0,
        **options,
    }


@pytest.fixture
def actor(tmp_path: Path) -> PackTrainable:
    actor = object.__new__(PackTrainable)
    actor.setup(config(tiny_packs(tiny_plan())[0].trials, tmp_path / "first"))
    return actor


def finish(actor: PackTrainable) -> list[dict[str, Any]]:
    reports = [actor.step()]
    while not reports[-1]["done"]:
        reports.append(actor.step())
    return reports


def test_one_pack_after_another_in_the_same_process(actor: PackTrainable, tmp_path: Path) -> None:
    first, second = tiny_packs(tiny_plan())
    reports = finish(actor)
    assert [report["progress"].step for report in reports] == [1, 2, 4, 8]
    assert actor.reset_config(config(second.trials, tmp_path / "second"))
    endings = [ending.signature for report in finish(actor) for ending in report["progress"].endings]
    assert endings == [trial.signature for trial in second.trials]
    assert {path.stem for path in tmp_path.glob("*/models/*")} == {t.signature for t in (*first.trials, *second.trials)}


def test_an_error_fails_the_pack_with_its_reason_and_its_place(
    actor: PackTrainable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor.step()

    def fail(*_: object) -> None:
        raise OSError("no more")

    monkeypatch.setattr(module.PackRun, "advance", fail)
    report = actor.step()
    assert report["done"]
    log = tmp_path / "first" / "pack" / "error.log"
    assert {(e.state, e.reason) for e in report["progress"].endings} == {("failed", f"OSError: no more (see {log})")}
    assert len(report["progress"].endings) == 2
    assert "Traceback" in log.read_text()
    actor.cleanup()


def test_a_pack_that_does_not_fit_says_so_and_fails_no_one(
    actor: PackTrainable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("no more")

    monkeypatch.setattr(module.PackRun, "advance", fail)
    report = actor.step()
    assert report["done"]
    assert report["progress"].too_big
    assert (report["progress"].active, report["progress"].endings) == (2, ())


def test_a_pack_that_cannot_even_be_built_fails_with_its_reason(actor: PackTrainable, tmp_path: Path) -> None:
    actor.reset_config(config(tiny_packs(tiny_plan())[0].trials, tmp_path / "other", device="nonsense"))
    report = actor.step()
    assert report["done"]
    assert {ending.state for ending in report["progress"].endings} == {"failed"}


def test_a_pack_that_is_stopped_in_the_middle_has_saved(actor: PackTrainable, tmp_path: Path) -> None:
    actor.step()
    actor.step()
    actor.cleanup()
    state, _ = latest_checkpoint(tmp_path / "first" / "pack")
    assert state is not None
    assert state["trainer"]["step"] == 2
    actor.setup(config(tiny_packs(tiny_plan())[0].trials, tmp_path / "first"))
    again = actor.step()["progress"]
    assert (again.step, len(again.points)) == (2, 4)


def test_with_a_storage_nothing_is_written_where_the_driver_is(actor: PackTrainable, tmp_path: Path) -> None:
    storage = Storage((tmp_path / "storage").as_uri())
    actor.reset_config(config(tiny_packs(tiny_plan())[0].trials, tmp_path / "driver", storage=storage.uri))
    finish(actor)
    assert not (tmp_path / "driver").exists()
    assert len(storage.sizes("models")) == 4
    assert sorted(storage.sizes("packs/p")) == ["owner", "pack.log", "step-0000000008.ckpt"]


def test_with_a_storage_an_error_is_read_there(actor: PackTrainable, tmp_path: Path) -> None:
    storage = Storage((tmp_path / "storage").as_uri())
    broken = config(tiny_packs(tiny_plan())[0].trials, tmp_path / "driver", storage=storage.uri, device="nonsense")
    actor.reset_config(broken)
    assert {ending.state for ending in actor.step()["progress"].endings} == {"failed"}
    assert b"Traceback" in (storage.read("packs/p/error.log") or b"")
    assert not (tmp_path / "driver").exists()


def test_a_node_that_does_not_share_the_folder_ends_before_it_writes(
    actor: PackTrainable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beacon_module.time, "monotonic", itertools.count(step=20).__next__)
    beacon = as_config(Beacon(Storage((tmp_path / "driver").as_uri()), "0123abcd", shared_folder=True))
    actor.reset_config(config(tiny_packs(tiny_plan())[0].trials, tmp_path / "driver", beacon=beacon))
    with pytest.raises(
        StorageError, match=r"^node \S+ \(\) does not share the folder .*: there is no file driver-beacon-0123abcd;"
    ):
        actor.step()
    assert not (tmp_path / "driver").exists()


def test_a_node_with_other_code_ends_before_it_writes(actor: PackTrainable, tmp_path: Path) -> None:
    same, trials = str(installed_code()), tiny_packs(tiny_plan())[0].trials
    actor.reset_config(config(trials, tmp_path / "driver", code="0.0.1 with code 0123abcd (Python 3, torch 2)"))
    with pytest.raises(
        OtherCodeError, match=r"^node \S+ \(\) has other code, .*; the command has rhm-sweep 0\.0\.1 with code"
    ):
        actor.step()
    assert not (tmp_path / "driver").exists()
    actor.reset_config(config(trials, tmp_path / "driver", code=same.replace("torch 2.", "torch 3.")))
    assert actor.step()["progress"].step == 1


def test_before_it_has_begun_there_is_nothing_to_save(actor: PackTrainable, tmp_path: Path) -> None:
    actor.save_checkpoint("nowhere")
    actor.cleanup()
    assert not (tmp_path / "first").exists()


def test_on_a_node_that_leaves_the_process_ends_with_its_pack(actor: PackTrainable, tmp_path: Path) -> None:
    """Ray gives a process that has failed no other pack."""
    step = [actor.step() for _ in range(3)][-1]["progress"].step
    write_orders(tmp_path / "first" / "pack", PackOrders(leave=True, vacate=True))
    report = actor.step()
    assert (report["done"], report["progress"].left, report["progress"].step) == (False, True, step)
    state, _ = latest_checkpoint(tmp_path / "first" / "pack")
    assert state is not None
    assert state["trainer"]["step"] == step
    with pytest.raises(SweepError, match="its node leaves the cluster"):
        actor.step()


def test_a_pack_that_is_paused_leaves_its_process_to_others(actor: PackTrainable, tmp_path: Path) -> None:
    actor.step()
    write_orders(tmp_path / "first" / "pack", PackOrders(leave=True))
    report = actor.step()
    assert (report["done"], report["progress"].left) == (True, True)


def test_a_pack_that_another_process_has_taken_is_left_alone(actor: PackTrainable, tmp_path: Path) -> None:
    actor.step()
    PackClaim.take(tmp_path / "first" / "pack")
    before = sorted(path.name for path in (tmp_path / "first").rglob("*"))
    actor.cleanup()
    actor.setup(config(tiny_packs(tiny_plan())[0].trials, tmp_path / "first"))
    actor.step()
    PackClaim.take(tmp_path / "first" / "pack")
    reports = finish(actor)
    assert reports[-1]["progress"].left
    assert [ending for report in reports for ending in report["progress"].endings] == []
    assert sorted(path.name for path in (tmp_path / "first").rglob("*")) == before
