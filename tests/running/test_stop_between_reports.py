"""A real Ray: a pack that reports once in ten minutes hears within seconds that everything stops, and saves."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.packs.packing import make_packs
from rhm_sweeps.pools.pools import Pool, Pools
from rhm_sweeps.running.runner import run_packs
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.folder import create_sweep_folder
from rhm_sweeps.sweeps.plan import make_plan
from rhm_sweeps.sweeps.plan_record import record_plan
from rhm_sweeps.sweeps.sweep_driver import SweepDriver
from rhm_sweeps.training.checkpoints import latest_checkpoint

from ..tiny_sweeps import TINY, RecordingView

POINT, PATIENCE_S = 64, 4.0
"""The next point is as many steps away, which take longer than that; Ray ends a process 10 s after it was told to."""
SLOW = {
    **TINY,
    "model": {"width": 1024},
    "training": {"train_size": 8, "test_size": 4, "steps": 10**6, "batch_size": 8},
}


class StopsLater(RecordingView):
    """Asks for a stop a moment after a point."""

    asked = float("inf")

    def update(self, pack: str, progress: Progress) -> None:
        super().update(pack, progress)
        if any(point.step == POINT for point in progress.points):
            threading.Timer(0.3, self._ask).start()

    def _ask(self) -> None:
        self.asked = time.monotonic()
        self.stop.ask()


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Ray leaves files open
def test_a_pack_saves_when_everything_stops_between_two_reports(tmp_path: Path) -> None:
    folder, view = create_sweep_folder(tmp_path, "seldom"), StopsLater()
    plan = make_plan(SearchSpace.build("seldom", trial=SLOW))
    with Ledger(folder.path, create=True) as ledger:
        record_plan(ledger, plan.space, plan.trials, {"local": make_packs(plan.trials, 1)})
        driver = SweepDriver(ledger, folder, {"local": 1}, view, view.stop)
        run_packs(driver, Pools((Pool("local", "cpu", 1, 1.0, 0.0, 0.5),)), report_interval_s=600.0)
        took = time.monotonic() - view.asked
        (pack,) = ledger.packs() or [plan.trials[0].signature]
    steps = [progress.step for _, progress in view.updates if not progress.left]
    assert steps[-1] == POINT
    assert steps.count(POINT) == 1
    state, _ = latest_checkpoint(folder.packs / pack)
    assert state is not None
    assert POINT < state["trainer"]["step"] < 2 * POINT
    assert took < PATIENCE_S
