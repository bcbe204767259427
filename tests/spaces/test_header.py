"""Name, search and replicas of a search space."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rhm_sweeps.spaces.header import Header, SearchSettings


@pytest.mark.parametrize("name", ["a", "A-1_b.c", "9", "x" * 64])
def test_names_that_make_a_folder_are_taken(name: str) -> None:
    assert Header(name=name).name == name


@pytest.mark.parametrize("name", ["", ".", "../x", "-a", "a b", "a/b", "a\n", "é", "x" * 65])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="should match pattern"):
        Header(name=name)


def test_random_search_needs_the_number_of_draws() -> None:
    assert SearchSettings(algorithm="random", num_samples=3).num_samples == 3
    with pytest.raises(ValidationError, match="needs `num_samples`"):
        SearchSettings(algorithm="random")


def test_grid_search_has_no_draws() -> None:
    with pytest.raises(ValidationError, match="`num_samples` is 3, but `algorithm: grid` draws nothing"):
        SearchSettings(num_samples=3)


def test_credentials_in_a_question_are_not_kept() -> None:
    header = Header(name="a", question="Does postgresql://me:hunter2@host/db learn?")
    assert header.question == "Does postgresql://***@host/db learn?"
