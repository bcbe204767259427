"""The rows that say what a store has."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.ledger import Ledger, Projection
from rhm_sweeps.tracking.watermarks import SAVE_EVERY, SWEEP_ROW, Watermarks


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    with Ledger(tmp_path, create=True) as made:
        yield made


def test_an_announcement_is_durable_at_once_and_changes_no_row(ledger: Ledger) -> None:
    rows = Watermarks(ledger, "store")
    rows.put(Projection("a", "run-a", 3, "running:"))
    rows.announce(["a", "b"])
    assert ledger.projections("store") == {"a": Projection("a", "run-a", 3, "running:"), "b": Projection("b", "")}
    assert Watermarks(ledger, "store").announced() == {"b"}


@pytest.mark.parametrize(
    ("known", "found", "kept", "others"),
    [
        ("", set(), "", set()),
        ("", {"x"}, "x", set()),
        ("", {"y", "x"}, "x", {"y"}),
        ("y", {"y", "x"}, "y", {"x"}),
        ("y", {"y"}, "y", set()),
        ("gone", set(), "", set()),
        ("gone", {"x"}, "x", set()),
    ],
)
def test_one_run_per_trial(ledger: Ledger, known: str, found: set[str], kept: str, others: set[str]) -> None:
    rows = Watermarks(ledger, "store")
    row = rows.put(Projection("a", known, 5, "done:"))
    assert rows.adopt("a", found) == others
    assert rows["a"] == (row if known in found else Projection("a", kept, 0, ""))


def test_rows_are_saved_in_portions(ledger: Ledger) -> None:
    rows = Watermarks(ledger, "store")
    for index in range(SAVE_EVERY + 3):
        rows.put(Projection(str(index), "run"))
    assert len(ledger.projections("store")) == SAVE_EVERY
    rows.sent_up_to(17)
    rows.save()
    assert len(ledger.projections("store")) == SAVE_EVERY + 4
    assert ledger.projections("store")[SWEEP_ROW].last_point == 17
    assert ledger.projections("other") == {}
