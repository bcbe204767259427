"""Packs report news at once and where they stand now and then, so that one driver can listen to all; orders they hear all the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.packs.pack_orders import PackOrders, write_orders
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.packs.report_pace import (
    LOOK_INTERVAL_S,
    REPORTS_PER_SECOND,
    SHORTEST_INTERVAL_S,
    ReportPace,
    report_interval_s,
)
from rhm_sweeps.sweeps.standing import STALE_MS
from rhm_sweeps.training.checkpoints import latest_checkpoint

from ..pack_runs import start, trial

STANDS = Progress(4, 8, 2, 1.0)
NEWS = [
    replace(STANDS, points=(MetricPoint("a", 4, {"test_loss": 0.1}, 1000),)),
    replace(STANDS, endings=(Ending("a", "stopped", "enough"),)),
    replace(STANDS, warnings=("the storage does not answer",)),
    replace(STANDS, left=True),
    replace(STANDS, too_big="it is"),
    replace(STANDS, active=0),
]


@dataclass
class Scripted:
    """A pack that trains as long as it is told, without news but for one of its bursts."""

    news_at: int = 10**6
    news: Progress = NEWS[0]
    now: float = 0.0
    budgets: list[float] = field(default_factory=list)

    def advance(self, budget_s: float) -> Progress:
        self.now += budget_s
        self.budgets.append(budget_s)
        return self.news if len(self.budgets) == self.news_at else STANDS


def reports(pack: Scripted, interval_s: float) -> Iterator[tuple[float, Progress]]:
    """The reports of a pack, each with its time."""
    pace = ReportPace(interval_s, lambda: pack.now)
    while True:
        progress = pace.next_report(pack)
        yield pack.now, progress


@pytest.mark.parametrize(
    ("packs", "seconds"), [(0, 1.0), (1, 1.0), (100, 1.0), (400, 4.0), (10_000, 100.0), (10**6, 120.0)]
)
def test_the_interval_grows_with_the_packs(packs: int, seconds: float) -> None:
    assert report_interval_s(packs) == seconds


def test_all_packs_together_do_not_report_more_than_a_driver_hears() -> None:
    assert all(packs / report_interval_s(packs) < REPORTS_PER_SECOND + 1e-9 for packs in range(12_000))


def test_a_pack_that_says_nothing_does_not_look_stale() -> None:
    """Not even when the ledger hears of it an interval late."""
    assert 2e3 * report_interval_s(10**9) < STALE_MS


def test_the_first_report_comes_at_once_and_others_after_the_interval() -> None:
    found = reports(Scripted(), 4.0)
    assert [next(found)[0] for _ in range(3)] == [1.0, 5.0, 9.0]


def test_between_reports_it_looks_for_orders() -> None:
    pack = Scripted()
    found = reports(pack, 100.0)
    next(found), next(found)
    assert set(pack.budgets) == {LOOK_INTERVAL_S}
    assert len(pack.budgets) == 101


@pytest.mark.parametrize("interval_s", [0.0, 0.2])
def test_an_interval_below_that_of_the_looks_is_kept(interval_s: float) -> None:
    pack = Scripted()
    found = reports(pack, interval_s)
    assert [next(found)[0] for _ in range(3)] == pytest.approx([interval_s, 2 * interval_s, 3 * interval_s])


@pytest.mark.parametrize("news", NEWS)
def test_news_are_reported_at_once(news: Progress) -> None:
    found = reports(Scripted(news_at=7, news=news), 60.0)
    next(found)
    assert next(found) == (7.0, news)


def test_small_sweeps_stay_lively() -> None:
    found = reports(Scripted(), SHORTEST_INTERVAL_S)
    assert [next(found)[0] for _ in range(4)] == [1.0, 2.0, 3.0, 4.0]


def test_a_pack_that_reports_seldom_hears_orders_soon(tmp_path: Path) -> None:
    """It trains on for minutes without news; told to leave it saves where it is, within a look and a burst."""
    run, pace = start([trial(1, training={"steps": 10**6})], tmp_path), ReportPace(600.0)
    while run.advance(1.0).step < 64:
        pass
    assert not pace.next_report(run).finished
    told: list[float] = []

    def tell() -> None:
        write_orders(tmp_path / "pack", PackOrders(leave=True))
        told.append(time.monotonic())

    threading.Timer(0.1, tell).start()
    progress = pace.next_report(run)
    while not progress.left:
        progress = pace.next_report(run)
    assert time.monotonic() - told[0] < LOOK_INTERVAL_S + 2.0
    state, _ = latest_checkpoint(tmp_path / "pack")
    assert state is not None
    assert state["trainer"]["step"] == progress.step
