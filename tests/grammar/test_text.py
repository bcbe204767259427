"""Strings as text."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import ConfigError, UsageError
from rhm_sweeps.grammar import make_grammar, read_strings

GRAMMAR = make_grammar(GrammarConfig(num_layers=2))


@pytest.mark.parametrize("text", ["1 2 3 4\n7 0 0 7\n", "1,2,3,4\n\n7, 0, 0, 7", "  1 2\t3,4,\r\n7 0 0 7\r\n\r\n"])
def test_spaces_commas_and_blank_lines(text: str) -> None:
    strings = read_strings(text, GRAMMAR)
    assert strings.dtype == np.uint8
    assert strings.tolist() == [[1, 2, 3, 4], [7, 0, 0, 7]]


def test_all_wrong_lines_are_listed() -> None:
    with pytest.raises(ConfigError, match=r"some\.txt: 3 problems") as caught:
        read_strings("1 2 3 4\n1 2 3\n\n1 2 3 8\n1 x 3 4", GRAMMAR, "some.txt")
    assert [str(problem) for problem in caught.value.problems] == [
        "line 2: has 3 tokens, but must have s**L = 4",
        "line 4: has the token '8', but tokens must be in 0..7",
        "line 5: has the token 'x', but tokens must be in 0..7",
    ]


def test_not_more_problems_are_listed_than_anyone_reads() -> None:
    with pytest.raises(ConfigError, match="10 problems"):
        read_strings("1\n" * 1000, GRAMMAR)


def test_no_strings_are_refused() -> None:
    with pytest.raises(UsageError, match="there are no strings"):
        read_strings(" \n , \n", GRAMMAR)


NAMED = make_grammar(GrammarConfig(explicit="binary_3_level"))
WORDS = make_grammar(GrammarConfig(explicit="s>the,dog|a,dog"))


@pytest.mark.parametrize("line", ["i j k l i i j j", "i,j,k,l,i,i,j,j", "ijkliijj", " ijkliijj "])
def test_tokens_are_read_by_their_names(line: str) -> None:
    assert read_strings(line, NAMED).tolist() == [[0, 1, 2, 3, 0, 0, 1, 1]]


def test_numbers_of_one_digit_may_be_written_together() -> None:
    assert read_strings("1234", GRAMMAR).tolist() == [[1, 2, 3, 4]]


def test_longer_names_are_not_taken_apart() -> None:
    assert read_strings("a dog\nthe,dog", WORDS).tolist() == [[2, 1], [0, 1]]
    with pytest.raises(ConfigError, match="line 1: has 1 tokens, but must have s"):
        read_strings("adog", WORDS)


def test_names_that_there_are_not_are_listed() -> None:
    with pytest.raises(ConfigError, match="line 1: has the token 'm', but tokens must be one of i, j, k, l"):
        read_strings("ijkmiijj", NAMED)
