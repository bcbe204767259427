"""Strings as text: one per line, tokens separated by spaces or commas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.errors import ConfigError, Problem, UsageError
from rhm_sweeps.grammar.rules import Grammar

MAX_PROBLEMS = 10


def read_strings(text: str, grammar: Grammar, source: str = "text") -> NDArray[np.uint8]:
    """Return the strings (N, d) written in `text`; blank lines are skipped.

    Raises:
        ConfigError: listing the lines with a wrong number of tokens or a token that is not in 0..v-1.
        UsageError: if there is no string.
    """
    tokens = {str(token): token for token in range(grammar.num_features)}
    lines = [(number, line.replace(",", " ").split()) for number, line in enumerate(text.splitlines(), start=1)]
    lines = [(number, words) for number, words in lines if words]
    problems = [
        Problem(f"line {number}", wrong) for number, words in lines if (wrong := _wrong(words, tokens, grammar))
    ]
    if problems:
        raise ConfigError(problems[:MAX_PROBLEMS], source)
    if not lines:
        raise UsageError(f"{source}: there are no strings; write one per line, tokens separated by spaces or commas")
    return np.array([[tokens[word] for word in words] for _, words in lines], dtype=np.uint8)


def _wrong(words: list[str], tokens: dict[str, int], grammar: Grammar) -> str:
    if len(words) != grammar.string_length:
        return f"has {len(words)} tokens, but must have s**L = {grammar.string_length}"
    strange = next((word for word in words if word not in tokens), None)
    return "" if strange is None else f"has the token {strange!r}, but tokens must be in 0..{grammar.num_features - 1}"
