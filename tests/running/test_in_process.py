"""Packs in this process, for a driver that hands them out one by one."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rhm_sweeps.packs.member_state import state_path
from rhm_sweeps.packs.pack_orders import PackOrders, write_orders
from rhm_sweeps.packs.pack_run import PackRun
from rhm_sweeps.running import in_process
from rhm_sweeps.running.in_process import run_in_process
from rhm_sweeps.running.tasks import PackTask
from rhm_sweeps.training.checkpoints import latest_checkpoint

from ..pack_runs import trial


@dataclass
class Scripted:
    """Hands out these tasks, None in between; asks for a stop after so many reports."""

    tasks: list[PackTask | None]
    stop_after: int | None = None
    told: list[tuple[str, str]] = field(default_factory=list)
    reports: list[object] = field(default_factory=list)

    def next_pack(self):
        return self.tasks.pop(0) if self.tasks else None

    def is_over(self):
        return not self.tasks

    def should_stop(self):
        return self.stop_after is not None and len(self.reports) >= self.stop_after

    def started(self, pack):
        self.told.append(("started", pack))

    def progressed(self, pack, progress):
        self.reports.append(progress)
        if progress.finished:
            self.told.append(("finished", pack))

    def crashed(self, pack, reason, *, blameless=False):
        raise AssertionError(reason)


def task(folder: Path, name: str, *trials, **options):
    fields = {trial.signature: trial.model_dump_json() for trial in trials}
    return PackTask(name, fields, folder / "packs" / name, folder / "models", **options)


def run(driver):
    run_in_process(driver, report_interval_s=0.0)
    return driver


def test_packs_are_asked_for_one_by_one_until_it_is_over(tmp_path):
    driver = run(Scripted([task(tmp_path, "a", trial(0)), None, None, task(tmp_path, "b", trial(1))]))
    assert driver.told == [("started", "a"), ("finished", "a"), ("started", "b"), ("finished", "b")]
    assert {ending.state for report in driver.reports for ending in report.endings} == {"done"}


def test_a_pack_that_is_told_to_stop_saves_before_it_leaves(tmp_path):
    driver = run(Scripted([task(tmp_path, "a", trial(0)), task(tmp_path, "b", trial(1))], stop_after=3))
    assert driver.told == [("started", "a")]
    state, _ = latest_checkpoint(tmp_path / "packs" / "a")
    assert state["trainer"]["step"] == driver.reports[-1].step > 0


def test_a_pack_that_leaves_makes_room_for_the_next(tmp_path):
    write_orders(tmp_path / "packs" / "a", PackOrders(leave=True))
    driver = run(Scripted([task(tmp_path, "a", trial(0)), task(tmp_path, "b", trial(1))]))
    assert driver.reports[0].left
    assert driver.told[-1] == ("finished", "b")


def test_sources_reach_the_pack(tmp_path):
    short, long = trial(0, training={"steps": 8}), trial(0, training={"steps": 16})
    sources = {long.signature: state_path(tmp_path / "models", short.signature)}
    driver = run(Scripted([task(tmp_path, "a", short), task(tmp_path, "b", long, sources=sources)]))
    first_of_b = next(report for report in driver.reports if report.steps == 16)
    assert first_of_b.step == 8


@pytest.mark.parametrize("where", ["__init__", "advance"])
def test_a_pack_that_does_not_fit_is_reported_and_the_next_one_runs(where, tmp_path, monkeypatch):
    whole = getattr(PackRun, where)

    def limited(self, *arguments, **options):
        if len(arguments[0] if where == "__init__" else self.members) > 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")
        return whole(self, *arguments, **options)

    monkeypatch.setattr(in_process.PackRun, where, limited)
    driver = run(Scripted([task(tmp_path, "big", trial(0), trial(1)), task(tmp_path, "small", trial(0))]))
    assert "can't allocate memory" in driver.reports[0].too_big
    assert driver.reports[0].active == 2
    assert driver.told[-1] == ("finished", "small")


def test_other_errors_are_raised(tmp_path, monkeypatch):
    def broken(self, budget_s):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(in_process.PackRun, "advance", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        run(Scripted([task(tmp_path, "a", trial(0))]))
