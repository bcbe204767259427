"""How often a storage that fails is tried again, and for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import pytest

from rhm_sweeps.errors import StorageError, StorageRefusedError
from rhm_sweeps.storage.outage import LONGEST_PAUSE_S, Outage


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def fail() -> None:
    raise StorageError("it is down")


def refuse() -> None:
    raise StorageRefusedError("no")


def test_pauses_double_up_to_a_bound_and_then_patience_ends() -> None:
    clock = Clock()
    outage = Outage(600.0, clock)
    times = []
    while clock.now < 100 + 600:
        if outage.is_time:
            times.append(clock.now - 100)
            assert not outage.attempt(fail)
        clock.now += 0.5
    assert times[:7] == [0, 1, 3, 7, 15, 31, 61]
    assert {later - time for time, later in pairwise(times[5:])} == {LONGEST_PAUSE_S}
    clock.now += LONGEST_PAUSE_S
    with pytest.raises(StorageError, match=r"^it is down; it was tried again for 10.5 min$"):
        outage.attempt(fail)


def test_what_is_not_tried_does_not_fail() -> None:
    outage = Outage(600.0, Clock())
    assert not outage.attempt(fail)
    assert not outage.attempt(lambda: pytest.fail("too early"))
    assert outage.attempt(lambda: None, at_once=True)
    assert outage.is_time


def test_people_are_told_once_of_the_beginning_and_of_the_end() -> None:
    clock = Clock()
    outage = Outage(1800.0, clock)
    assert outage.attempt(lambda: None)
    assert outage.news() == ()
    outage.attempt(fail)
    assert outage.news() == ("it is down; it is tried again for up to 30 min",)
    clock.now += 2
    outage.attempt(fail)
    assert outage.news() == ()
    clock.now += 4
    outage.attempt(lambda: None)
    assert outage.news() == ("the storage answers again, after 6 s",)
    outage.attempt(fail)
    assert outage.news() == ("it is down; it is tried again for up to 30 min",)


def test_who_has_never_been_let_in_does_not_wait_and_who_has_does() -> None:
    with pytest.raises(StorageRefusedError):
        Outage(600.0, Clock()).attempt(refuse)
    outage = Outage(600.0, Clock())
    outage.attempt(lambda: None)
    assert not outage.attempt(refuse)
    assert not Outage(math.inf, Clock()).attempt(refuse)
