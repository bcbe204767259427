"""How `launch`, `resume` and `train` end: what they say and their exit code."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import typer

from rhm_sweeps import sweep_report
from rhm_sweeps.cli.drive_sweep import drive_sweep, exit_code
from rhm_sweeps.errors import TrackingError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.drive import Outcome
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.session import SessionResult
from rhm_sweeps.sweeps.stop_request import StopRequest
from rhm_sweeps.tracking.store import Store


def result(
    folder: Path, done: int = 0, failed: int = 0, unfinished: int = 0, interrupted: bool = False, tracked: bool = True
) -> SessionResult:
    Ledger(folder, create=True).close()
    store = Store("postgresql://me:secret@host/db", "e")
    return SessionResult(SweepFolder(folder), store, Outcome(done, failed, unfinished, interrupted), tracked, 1.0)


@pytest.mark.parametrize(
    ("ended", "number", "code"),
    [
        ({"done": 3}, None, 0),
        ({"done": 2, "failed": 1}, None, 1),
        ({"failed": 1, "unfinished": 2, "interrupted": True}, signal.SIGINT, 130),
        ({"done": 1, "unfinished": 2, "interrupted": True}, signal.SIGTERM, 143),
        ({"done": 3, "interrupted": True}, signal.SIGINT, 0),  # the signal came after the last trial
    ],
)
def test_exit_codes(tmp_path: Path, ended: dict[str, int], number: int | None, code: int) -> None:
    stop = StopRequest()
    stop.signal = number
    assert exit_code(result(tmp_path / "s", **ended), stop) == code


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[SweepFolder]:
    """The folders whose report is written."""
    written: list[SweepFolder] = []
    monkeypatch.setattr(sweep_report, "write_and_log_report", lambda folder, _: written.append(folder))
    return written


def end(ended: SessionResult, **options: bool) -> int:
    with pytest.raises(typer.Exit) as raised:
        drive_sweep(lambda _: ended, as_json=options.get("as_json", False))
    return raised.value.exit_code


def test_a_finished_sweep_says_where_everything_is(
    tmp_path: Path, reports: list[SweepFolder], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert end(result(tmp_path / "results" / "s", done=3)) == 0
    err = capsys.readouterr().err
    assert reports == [SweepFolder(tmp_path / "results" / "s")]
    assert "s: 3 done, 0 failed, 0 unfinished" in err
    assert f"report      {tmp_path / 'results' / 's' / 'report' / 'report.html'}" in err
    assert "MLflow      postgresql://***@host/db, experiment e" in err
    assert "secret" not in err
    assert err.rstrip().endswith("rhm-sweep ui s")


def test_an_interrupted_sweep_says_how_to_go_on_from_here(
    tmp_path: Path, reports: list[SweepFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    assert end(result(tmp_path / "elsewhere" / "s", done=1, unfinished=2)) == 130
    captured = capsys.readouterr()
    assert f"go on with  rhm-sweep resume s --results {tmp_path / 'elsewhere'}\n" in captured.err
    assert "report " not in captured.err
    assert reports == []
    assert captured.out == ""


def test_a_failed_trial_does_not_cost_the_report(tmp_path: Path, reports: list[SweepFolder]) -> None:
    assert end(result(tmp_path / "s", done=1, failed=1)) == 1
    assert len(reports) == 1


def test_a_report_that_cannot_be_logged_costs_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise TrackingError("the store is down")

    monkeypatch.setattr(sweep_report, "write_and_log_report", fail)
    assert end(result(tmp_path / "s", done=1, tracked=False)) == 0
    err = capsys.readouterr().err
    assert "the report could not be finished: the store is down" in err
    assert "the tracking store does not have everything yet; `rhm-sweep resume" in err


def test_with_json_standard_output_is_the_status(
    tmp_path: Path, reports: list[SweepFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    end(result(tmp_path / "s"), as_json=True)
    out = capsys.readouterr().out
    assert out.startswith('{"name": "s", "state": ')
    assert out.count("\n") == 1
