"""What a Ray actor runs, without Ray: one pack after another, and no exception gets out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.running import trainable as module
from rhm_sweeps.running.task_config import compact
from rhm_sweeps.running.trainable import PackTrainable
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


def test_before_it_has_begun_there_is_nothing_to_save(actor: PackTrainable, tmp_path: Path) -> None:
    actor.save_checkpoint("nowhere")
    actor.cleanup()
    assert not (tmp_path / "first").exists()
