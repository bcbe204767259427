"""How busy slots were is counted right, and each part of the benchmark of scheduling runs."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def busy_slots(load):
    return load("busy_slots")


def spans(busy_slots, *pairs):
    return [busy_slots.Span(*pair) for pair in pairs]


def test_slots_are_busy_from_begin_to_end(busy_slots):
    assert busy_slots.busy(spans(busy_slots, (10, 12), (11, 15))) == [(0, 1), (1, 2), (2, 1), (5, 0)]


def test_a_slot_that_is_handed_on_at_once_is_never_free(busy_slots):
    found = busy_slots.utilization(spans(busy_slots, (0, 2), (2, 4)), 1)
    assert (found.overall, found.fill_s, found.steady) == (1.0, 0, 1.0)


def test_start_and_end_are_no_part_of_the_steady_time(busy_slots):
    """Two slots: one starts 4 s late; then they wait 1 s of 6 between two packs."""
    found = busy_slots.utilization(spans(busy_slots, (0, 5), (4, 8), (6, 10), (8, 20)), 2)
    assert found.fill_s == 4
    assert found.steady == pytest.approx(1 - 1 / (2 * 4))
    assert found.overall == pytest.approx(25 / 40)


def test_slots_that_are_never_full_have_no_steady_time(busy_slots):
    found = busy_slots.utilization(spans(busy_slots, (0, 1), (2, 3)), 2)
    assert (found.fill_s, found.steady) == (None, None)


@pytest.mark.slow
def test_the_driver_alone_keeps_slots_busy(load, tmp_path):
    simulated = load("simulated_slots").SimulatedSlots(1, 0.25, 2.5)
    load("sleeping_packs").sleeping_sweep(20, 1, 4, tmp_path, simulated)
    assert len(simulated.spans) == 12
    assert simulated.events == 4 * 12
    assert load("busy_slots").utilization(simulated.spans, 4).steady > 0.5
    assert simulated.driver_s > 0


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_scheduling_and_its_figure(measure, tmp_path):
    words = ("--slots", "2", "--seconds", "1", "--rounds", "3", "--work", "1", "--alone")
    ours, plain = measure("scheduling", *words, "--figure", str(tmp_path / "scheduling.png"))["rows"]
    assert (ours["side"], plain["side"]) == ("ours", "plain Ray Tune")
    assert ours["packs"] == plain["packs"] == 6
    assert 0 < plain["overall"] < ours["overall"] < 1
    assert ours["driver_ms_per_report"] < ours["process_ms_per_report"]
    assert (tmp_path / "scheduling.png").read_bytes().startswith(b"\x89PNG")
