"""The log of a pack: a line per event."""

import os
import re
from datetime import datetime

import pytest

from rhm_sweeps.packs.pack_log import PackLog
from rhm_sweeps.packs.pack_orders import PackOrders, write_orders

from ..pack_runs import advance_to, finish, start, trial


def lines(folder):
    return (folder / "pack" / "pack.log").read_text().splitlines()


def test_a_line_per_event_with_the_signatures_it_concerns(tmp_path):
    trials = [trial(0), trial(1, 5)]
    names = [one.signature for one in trials]
    run = start(trials, tmp_path)
    advance_to(run, 2)
    run.save()
    again = start(trials, tmp_path)
    write_orders(tmp_path / "pack", PackOrders({names[0]: "not among the best"}))
    finish(again)
    events = [line.split(" ", 1)[1] for line in lines(tmp_path)]
    both = " ".join(names)
    assert re.fullmatch(rf"start from step 0: host .*, pid {os.getpid()}, device cpu, members {both}", events[0])
    assert re.fullmatch(rf"evaluated at step 1 in \d+\.\d\d s: {both}", events[1])
    assert events[3].startswith("start from the checkpoint of step 2: ")
    assert events[4] == f"{names[0]} stopped at step 2: not among the best"
    assert re.fullmatch(rf"evaluated at step 4 in .* s: {names[1]}", events[5])
    assert events[-1] == f"{names[1]} done at step 20"


def test_times_are_in_order(tmp_path):
    finish(start([trial(0)], tmp_path))
    times = [datetime.fromisoformat(line.split(" ", 1)[0]) for line in lines(tmp_path)]
    assert times == sorted(times)
    assert all(time.tzinfo for time in times)


def test_warnings_and_errors_are_logged_with_their_traceback(tmp_path):
    damaged = tmp_path / "pack" / "step-0000000004.ckpt"
    damaged.parent.mkdir()
    damaged.write_bytes(b"?")
    run = start([trial(0)], tmp_path)
    (tmp_path / "pack" / "orders.json").write_text("no json")
    with pytest.raises(ValueError, match="Expecting value"):
        run.advance()
    text = (tmp_path / "pack" / "pack.log").read_text()
    assert re.search(r"^\S+ warning: .*is not a checkpoint", text, re.MULTILINE)
    assert re.search(r"^\S+ error: Traceback", text, re.MULTILINE)
    assert re.search(r"^  json.decoder.JSONDecodeError", text, re.MULTILINE)


def test_what_cannot_be_written_is_lost_without_an_error(tmp_path):
    (tmp_path / "file").touch()
    PackLog(tmp_path / "file").write("nobody hears this")
    assert not PackLog(tmp_path / "file").path.exists()
