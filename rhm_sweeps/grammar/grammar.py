"""Level-wise grammars: each level may differ in its symbols, their rules and how probable these are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rhm_sweeps.errors import UsageError
from rhm_sweeps.explicit_grammars import derivation_counts, find_ambiguity
from rhm_sweeps.grammar.rules import Rules


@dataclass(frozen=True, eq=False)
class Grammar:
    """Rules by level: `levels[0]` rewrites classes, `levels[-1]` makes leaf tuples.

    Attributes:
        levels: from the root down.
        names: of the symbols at each depth, from the classes to the leaf tokens; numbers unless they were given.
    """

    levels: tuple[Rules, ...]
    names: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        sizes = (*(level.num_parents for level in self.levels), self.levels[-1].num_children)
        if not self.names:
            object.__setattr__(self, "names", tuple(tuple(map(str, range(size))) for size in sizes))
        if tuple(map(len, self.names)) != sizes or any(
            above.num_children != size for above, size in zip(self.levels, sizes[1:], strict=True)
        ):
            raise UsageError(
                f"levels make {[level.num_children for level in self.levels]} symbols of {list(map(len, self.names))} names, "
                f"but rewrite {list(sizes[:-1])}"
            )

    @property
    def is_named(self) -> bool:
        """Whether some symbol's name is not its number."""
        return any(name != str(number) for names in self.names for number, name in enumerate(names))

    @property
    def num_features(self) -> int:
        """v: number of leaf tokens."""
        return self.levels[-1].num_children

    @property
    def num_classes(self) -> int:
        """n: number of root symbols."""
        return self.levels[0].num_parents

    @property
    def num_synonyms(self) -> int:
        """m: the most rules that a symbol has."""
        return max(int(level.counts.max()) for level in self.levels)

    @property
    def tuple_size(self) -> int:
        """s: symbols on the right-hand side of a rule."""
        return int(self.levels[0].children.shape[1])

    @property
    def num_layers(self) -> int:
        """L: depth."""
        return len(self.levels)

    @property
    def string_length(self) -> int:
        """d = s**L: tokens per string."""
        return int(self.tuple_size**self.num_layers)

    @cached_property
    def from_start(self) -> tuple[Rules, ...]:
        """The levels, below one that rewrites a start symbol to each class: classes are drawn and numbered as rules are."""
        return (Rules.of([[[label] for label in range(self.num_classes)]], self.num_classes), *self.levels)

    @cached_property
    def p_max(self) -> int:
        """Number of derivations: of distinct strings, P_max, unless the grammar is ambiguous."""
        return derivation_counts([level.tuples for level in self.from_start])[0][0]

    @cached_property
    def is_uniform(self) -> bool:
        """Whether all derivations are equally probable: symbols of a level have as many rules, of equal probability."""
        return all(level.is_uniform and level.num_synonyms is not None for level in self.levels)

    @cached_property
    def ambiguity(self) -> str | None:
        """Two rules that make the same tuple at the same level, in words; None if each tuple has one parent."""
        return find_ambiguity([level.tuples for level in self.levels], self.names)
