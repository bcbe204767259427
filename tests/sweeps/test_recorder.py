"""What packs report is in the ledger before the next report is asked for, once."""

from __future__ import annotations

import pytest

from rhm_sweeps.ledger import Ledger, MetricPoint
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.sweeps.recorder import Recorder

from ..tiny_sweeps import RecordingView


@pytest.fixture
def view() -> RecordingView:
    return RecordingView()


@pytest.fixture
def recorder(ledger: Ledger, view: RecordingView) -> Recorder:
    """One whose packs are all handed out."""
    recorder = Recorder(ledger, view)
    for trial in ledger.trials():
        recorder.opened(trial.pack, [other.signature for other in ledger.trials_of(trial.pack)])
    return recorder


def signatures(ledger: Ledger) -> list[str]:
    return [trial.signature for trial in ledger.trials()]


def point(signature: str, step: int = 1, value: float = 0.5) -> MetricPoint:
    return MetricPoint(signature, step, {"copies": value}, 1000 + step)


def test_a_report_is_durable_when_it_was_taken(ledger: Ledger, recorder: Recorder, view: RecordingView) -> None:
    pack, first, second = ledger.trials()[0].pack, *signatures(ledger)[:2]
    recorder.started(pack)
    assert [trial.state for trial in ledger.trials()] == ["running", "running", "pending", "pending"]
    report = Progress(1, 8, 1, 2.0, (point(first), point(second)), (Ending(first, "done", "early"),))
    recorder.progressed(pack, report)
    with Ledger(ledger.path.parent) as other:
        assert len(list(other.points())) == 2
        assert [(trial.state, trial.reason) for trial in other.trials()[:2]] == [("done", "early"), ("running", "")]
    assert view.updates == [(pack, report)]
    assert view.messages == []


def test_points_and_endings_are_recorded_together_or_not_at_all(
    ledger: Ledger, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack, first = ledger.trials()[0].pack, signatures(ledger)[0]
    recorder.started(pack)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Ledger, "set_state", full)
    with pytest.raises(OSError, match="No space left"):
        recorder.progressed(pack, Progress(8, 8, 0, 1.0, (point(first, 8),), (Ending(first, "done"),)))
    assert list(ledger.points()) == []
    assert ledger.trials()[0].state == "running"


def test_a_pack_whose_process_died_reports_again_and_nothing_counts_twice(
    ledger: Ledger, recorder: Recorder, view: RecordingView
) -> None:
    pack, first, second = ledger.trials()[0].pack, *signatures(ledger)[:2]
    recorder.started(pack)
    report = Progress(1, 8, 1, 2.0, (point(first), point(second)), (Ending(first, "failed", "it burst"),))
    recorder.progressed(pack, report)
    before = list(ledger.points())
    recorder.started(pack)
    again = (point(first, value=0.6), point(second, value=0.6))
    recorder.progressed(pack, Progress(1, 8, 1, 2.0, again, report.endings))
    assert list(ledger.points()) == before
    recorder.failed(pack, "its process died")
    assert [(trial.state, trial.reason) for trial in ledger.trials()[:2]] == [
        ("failed", "it burst"),
        ("failed", "its process died"),
    ]
    told = [ending for _, progress in view.updates for ending in progress.endings]
    assert [ending.signature for ending in told] == [first, second]
    assert view.messages == [f"trial {first} failed: it burst", f"trial {second} failed: its process died"]


def test_a_trial_that_is_done_stays_done_when_its_pack_crashes(
    ledger: Ledger, recorder: Recorder, view: RecordingView
) -> None:
    pack, first, second = ledger.trials()[0].pack, *signatures(ledger)[:2]
    recorder.started(pack)
    recorder.progressed(pack, Progress(8, 8, 1, 2.0, (), (Ending(first, "done"),)))
    recorder.progressed(pack, Progress(8, 8, 0, 0.0, (), tuple(Ending(s, "failed", "boom") for s in (first, second))))
    assert [trial.state for trial in ledger.trials()[:2]] == ["done", "failed"]
    assert sum(ending.state == "failed" for _, progress in view.updates for ending in progress.endings) == 1


def test_warnings_are_told(ledger: Ledger, recorder: Recorder, view: RecordingView) -> None:
    recorder.progressed(ledger.trials()[0].pack, Progress(1, 8, 2, 1.0, warnings=("a checkpoint is damaged",)))
    assert view.messages == ["a checkpoint is damaged"]


def test_what_is_left_of_a_pack_that_gave_up_its_place_is_pending(ledger: Ledger, recorder: Recorder) -> None:
    pack, first = ledger.trials()[0].pack, signatures(ledger)[0]
    recorder.started(pack)
    recorder.progressed(pack, Progress(8, 8, 1, 2.0, endings=(Ending(first, "stopped", "by hand"),)))
    recorder.closed(pack)
    assert [trial.state for trial in ledger.trials()[:2]] == ["stopped", "pending"]
    assert pack not in recorder.open


def test_the_news_are_what_was_not_known(ledger: Ledger, recorder: Recorder) -> None:
    pack, first = ledger.trials()[0].pack, signatures(ledger)[0]
    report = Progress(8, 8, 1, 2.0, endings=(Ending(first, "done"), Ending("stranger", "done")))
    assert recorder.progressed(pack, report).endings == report.endings[:1]
    assert recorder.progressed(pack, report).endings == ()


def test_a_trial_that_starts_keeps_the_time_of_its_first_start(ledger: Ledger, recorder: Recorder) -> None:
    pack = ledger.trials()[0].pack
    recorder.started(pack)
    first = ledger.trials()[0].started_ms
    assert first is not None
    ledger.set_state(signatures(ledger), "pending")
    recorder.started(pack)
    assert ledger.trials()[0].started_ms == first
