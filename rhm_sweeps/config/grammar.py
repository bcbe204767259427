"""The grammar of a trial."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from rhm_sweeps.config.section import Section

MAX_TUPLES = 2**22


class GrammarConfig(Section):
    """A Random Hierarchy Model (arXiv 2307.02129): every symbol rewrites to `num_synonyms` tuples, no tuple has two parents."""

    num_features: int = Field(8, ge=2, le=255)
    """v: number of symbols at every hidden level and of leaf tokens."""
    num_classes: int = Field(8, ge=1, le=255)
    """n: number of root symbols."""
    num_synonyms: int = Field(3, ge=1)
    """m: production rules per symbol; at most v**(s-1)."""
    tuple_size: int = Field(2, ge=2, le=16)
    """s: symbols on the right-hand side of a rule."""
    num_layers: int = Field(3, ge=1, le=12)
    """L: depth; strings have s**L tokens."""
    seed_rules: int = Field(0, ge=0)
    """Seed of the rules; the same seed gives the same grammar as the original code."""

    @property
    def string_length(self) -> int:
        """d = s**L: tokens per string."""
        return int(self.tuple_size**self.num_layers)

    @property
    def p_max(self) -> int:
        """P_max = n * m**((s**L - 1)/(s - 1)): number of distinct strings."""
        return self.num_classes * int(self.num_synonyms ** ((self.string_length - 1) // (self.tuple_size - 1)))

    @model_validator(mode="after")
    def _rules_fit(self) -> Self:
        v, n, m, s = self.num_features, self.num_classes, self.num_synonyms, self.tuple_size
        sizes = f"(num_features={v}, tuple_size={s})"
        if v**s > MAX_TUPLES:
            raise ValueError(f"num_features**tuple_size is {v**s}, but must be <= {MAX_TUPLES} {sizes}")
        if m > v ** (s - 1):
            raise ValueError(f"`num_synonyms` is {m}, but must be <= v**(s-1) = {v ** (s - 1)} {sizes}")
        if n * m > v**s:
            raise ValueError(
                f"`num_classes` * `num_synonyms` is {n} * {m} = {n * m}, but must be <= v**s = {v**s} {sizes}; "
                "lower `num_classes` or `num_synonyms`"
            )
        if self.string_length > 2**14:
            raise ValueError(
                f"`num_layers` is {self.num_layers}: strings would have s**L = {self.string_length} tokens, but must have <= {2**14}"
            )
        return self
