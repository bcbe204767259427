"""The grammar of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from rhm_sweeps.config.section import Section
from rhm_sweeps.errors import UsageError
from rhm_sweeps.explicit_grammars import MAX_TUPLES, ExplicitGrammar, canonical_grammar, find_grammar

SIZES = ("num_features", "num_classes", "num_synonyms", "tuple_size", "num_layers")
"""The fields that an explicit grammar fills in."""


def _canonical(explicit: str | None) -> str | None:
    try:
        return None if explicit is None else canonical_grammar(explicit)
    except UsageError as error:
        raise ValueError(str(error)) from None


class GrammarConfig(Section):
    """A Random Hierarchy Model (arXiv 2307.02129): every symbol rewrites to `num_synonyms` tuples, no tuple has two parents.

    Or an explicit grammar, whose sizes are then filled in.
    """

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
    explicit: Annotated[str | None, AfterValidator(_canonical)] = None
    """A written grammar in place of a random one: a shipped name such as binary_3_level, a YAML file, or its one line of text."""
    zipf_exponent: float = Field(0.0, ge=0, le=100)
    """a: rule k of a symbol of level `zipf_level` has a probability proportional to k**-a, k = 1, 2, ... (arXiv 2605.30642)."""
    zipf_level: int | None = Field(None, ge=1)
    """Level, counted from the leaves, whose rules `zipf_exponent` makes unequally probable."""

    @property
    def string_length(self) -> int:
        """d = s**L: tokens per string."""
        return int(self.tuple_size**self.num_layers)

    @property
    def p_max(self) -> int:
        """P_max: number of distinct strings, n * m**((s**L - 1)/(s - 1)) of a random grammar.

        Of an explicit grammar the number of derivations, which is more than that of strings if it is ambiguous.
        """
        if self.explicit_grammar is not None:
            return self.explicit_grammar.p_max
        return self.num_classes * int(self.num_synonyms ** ((self.string_length - 1) // (self.tuple_size - 1)))

    @property
    def explicit_grammar(self) -> ExplicitGrammar | None:
        """The explicit grammar, if it is one."""
        return None if self.explicit is None else find_grammar(self.explicit)

    @property
    def ambiguity(self) -> str | None:
        """Two rules that make the same tuple, in words, for an explicit grammar that has such; a random one has none."""
        return None if self.explicit_grammar is None else self.explicit_grammar.ambiguity

    @property
    def is_plain(self) -> bool:
        """Whether it is a random grammar with equally probable rules, as the theory of the model has it."""
        return self.explicit is None and self.zipf_exponent == 0

    def unused(self) -> Mapping[str, str]:
        unused = {} if self.zipf_exponent else {"zipf_level": "zipf_exponent > 0"}
        return unused if self.explicit is None else unused | {"seed_rules": "no explicit grammar"}

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, data: Any) -> Any:
        """Put the sizes of an explicit grammar in their places, and its content in the place of a path."""
        if not isinstance(data, Mapping) or not isinstance(data.get("explicit"), str):
            return data
        explicit = str(_canonical(data["explicit"]))
        sizes = {name: getattr(find_grammar(explicit), name) for name in SIZES}
        conflicts = [
            f"`{name}` is {data[name]!r}, but the explicit grammar has {size}; leave it out"
            for name, size in sizes.items()
            if data.get(name, size) != size
        ]
        if conflicts:
            raise ValueError("; ".join(conflicts))
        return {**data, **sizes, "explicit": explicit}

    @model_validator(mode="after")
    def _rules_fit(self) -> Self:
        self._check_zipf()
        if self.explicit is not None:
            return self
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

    def _check_zipf(self) -> None:
        level, layers = self.zipf_level, self.num_layers
        if self.zipf_exponent and level is None:
            raise ValueError(f"`zipf_exponent` is {self.zipf_exponent:g}, which needs `zipf_level`, one of 1..{layers}")
        if level is None:
            return
        if level > layers:
            raise ValueError(f"`zipf_level` is {level}, but must be <= num_layers = {layers}")
        if self.zipf_exponent and self.explicit_grammar is not None and self.explicit_grammar.is_weighted(level):
            raise ValueError(
                f"`zipf_level` is {level}, but the explicit grammar has weights at that level; choose another"
            )
