"""Strings as text: one per line, tokens separated by spaces or commas, or written together where each is one character."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.errors import ConfigError, Problem, UsageError
from rhm_sweeps.grammar.grammar import Grammar

MAX_PROBLEMS = 10


def read_strings(text: str, grammar: Grammar, source: str = "text") -> NDArray[np.uint8]:
    """Return the strings (N, d) written in `text` by the names of tokens; blank lines are skipped.

    Raises:
        ConfigError: listing the lines with a wrong number of tokens or a token that the grammar does not have.
        UsageError: if there is no string.
    """
    tokens = {name: token for token, name in enumerate(grammar.names[-1])}
    lines = [(number, _words(line, grammar)) for number, line in enumerate(text.splitlines(), start=1)]
    lines = [(number, words) for number, words in lines if words]
    problems = [
        Problem(f"line {number}", wrong) for number, words in lines if (wrong := _wrong(words, tokens, grammar))
    ]
    if problems:
        raise ConfigError(problems[:MAX_PROBLEMS], source)
    if not lines:
        raise UsageError(f"{source}: there are no strings; write one per line, tokens separated by spaces or commas")
    return np.array([[tokens[word] for word in words] for _, words in lines], dtype=np.uint8)


def _words(line: str, grammar: Grammar) -> list[str]:
    words = line.replace(",", " ").split()
    together = len(words) == 1 and all(len(name) == 1 for name in grammar.names[-1])
    return list(words[0]) if together else words


def _wrong(words: list[str], tokens: dict[str, int], grammar: Grammar) -> str:
    if len(words) != grammar.string_length:
        return f"has {len(words)} tokens, but must have s**L = {grammar.string_length}"
    strange = next((word for word in words if word not in tokens), None)
    known = f"one of {', '.join(tokens)}" if grammar.is_named else f"in 0..{grammar.num_features - 1}"
    return "" if strange is None else f"has the token {strange!r}, but tokens must be {known}"
