"""An unknown name is met with the known one that was probably meant."""

from __future__ import annotations

from rhm_sweeps.nearest_name import cure_and_names, cure_of_name, nearest_name

KNOWN = ("memorization", "generalization")


def test_the_nearest_is_found_where_there_is_one() -> None:
    assert nearest_name("memorisation", KNOWN) == "memorization"
    assert nearest_name("zzz", KNOWN) is None


def test_the_cure_names_the_nearest_or_all() -> None:
    assert cure_of_name("memorisation", KNOWN) == "did you mean `memorization`?"
    assert cure_of_name("zzz", KNOWN) == "there are memorization, generalization"


def test_a_short_list_may_stand_beside_the_nearest() -> None:
    assert cure_and_names("memorisation", KNOWN) == (
        "did you mean `memorization`? There are memorization, generalization"
    )
    assert cure_and_names("zzz", KNOWN) == "there are memorization, generalization"
