"""Sampled strings with what they say: class, validity, and whether they are copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rhm_sweeps.grammar import Grammar, Parser, StringSet


@dataclass(frozen=True, eq=False)
class SampledStrings:
    """Strings (N, d) of a grammar: their classes (N,), -1 if invalid, and whether each is a training string (N,)."""

    grammar: Grammar
    strings: NDArray[np.uint8]
    classes: NDArray[np.int64]
    copied: NDArray[np.bool_]

    @classmethod
    def of(cls, strings: NDArray[np.uint8], grammar: Grammar, training_strings: NDArray[np.uint8]) -> Self:
        """Parse strings and look for them among the training strings (P, d).

        Raises:
            UsageError: if the grammar is ambiguous.
        """
        return cls(
            grammar, strings, Parser(grammar).parse(strings).classes, StringSet(training_strings).contains(strings)
        )

    def frame(self) -> pd.DataFrame:
        """One row per string: token_1 .. token_d, class (missing if invalid), valid, copied; by name where symbols have names."""
        tokens, classes, valid = self.strings, pd.array(self.classes, dtype="Int64"), self.classes >= 0
        classes[~valid] = pd.NA
        if self.grammar.is_named:
            tokens = np.array(self.grammar.names[-1], dtype=object)[tokens]
            classes = [self.grammar.names[0][label] if label >= 0 else None for label in self.classes]
        frame = pd.DataFrame(tokens, columns=[f"token_{i}" for i in range(1, tokens.shape[1] + 1)])
        return frame.assign(**{"class": classes, "valid": valid, "copied": self.copied})


def string_lines(strings: NDArray[np.uint8], grammar: Grammar) -> str:
    """Strings (N, d) as text, one per line, tokens separated by spaces; `read_strings` is the inverse."""
    names = grammar.names[-1]
    return "".join(" ".join(names[token] for token in string) + "\n" for string in strings.tolist())
