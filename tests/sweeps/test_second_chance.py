"""What failed is trained anew, what was stopped goes on where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.sweeps import control
from rhm_sweeps.sweeps.drive import Outcome
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.second_chance import take_up

from ..tiny_sweeps import LOG2_STEPS, RecordingView
from .test_growth import POOLS

Go = Callable[..., Outcome]


def test_failed_trials_get_a_pack_that_nobody_had(ledger: Ledger, folder: SweepFolder) -> None:
    before = {trial.pack for trial in ledger.trials()}
    failed = ledger.trials()[:2]
    for _ in range(3):
        ledger.set_state([trial.signature for trial in failed], "failed", "it burst")
        take_up(ledger, folder, ledger.trials("failed"), POOLS)
        packs = {trial.pack for trial in ledger.trials()[:2]}
        assert len(packs) == POOLS["local"].slots
        assert not packs & before
        before |= packs
    assert [trial.reason for trial in ledger.trials()] == [""] * 4
    assert {ledger.packs()[pack].pool for pack in packs} == {"local"}


class StopsOne(RecordingView):
    """Orders, as another shell would, that a trial stops when its pack has reported step 2."""

    def __init__(self, shell: Ledger, signature: str) -> None:
        super().__init__()
        self.shell, self.signature = shell, signature

    def update(self, pack: str, progress: Progress) -> None:
        if progress.step == 2 and any(point.signature == self.signature for point in progress.points):
            self.shell.order_stop([self.signature], "by hand")
        super().update(pack, progress)


@pytest.mark.slow
def test_a_stopped_trial_goes_on_where_it_was(
    ledger: Ledger, folder: SweepFolder, go: Go, trained_steps: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "LOOK_INTERVAL_S", 0.0)
    wanted = ledger.trials()[0].signature
    with Ledger(folder.path) as shell:
        assert go(StopsOne(shell, wanted)) == Outcome(done=3, failed=0, unfinished=0, interrupted=False, stopped=1)
    (stopped,) = ledger.trials("stopped")
    assert (stopped.signature, stopped.reason) == (wanted, "by hand")
    assert trained_steps[wanted] == 2
    before = list(ledger.points(wanted))
    take_up(ledger, folder, [stopped], POOLS)
    assert go().done == 4
    assert set(trained_steps.values()) == {LOG2_STEPS[-1]}
    points = list(ledger.points(wanted))
    assert points[: len(before)] == before
    assert [point.step for point in points] == list(LOG2_STEPS)
