"""Grammars, strings, parses and theory drawn in the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Group
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.grammar import Grammar, Parse, Parser, Rules

MAX_ROWS = 32
"""Rows of a table; --json prints everything."""


def rule_table(grammar: Grammar, index: int) -> Group:
    """The rules `index` levels below the root: one row per symbol, its tuples separated by bars, probabilities where unequal."""
    level = grammar.num_layers - index
    rules = grammar.levels[index]
    table = _table("class" if index == 0 else "symbol")
    table.add_column("leaf tuples" if level == 1 else f"level-{level - 1} tuples")
    for symbol, name in enumerate(grammar.names[index][:MAX_ROWS]):
        table.add_row(Text(name), Text(" | ".join(_tuples(rules, symbol, grammar.names[index + 1]))))
    synonyms = rules.num_synonyms
    number = f"{rules.num_parents} x {synonyms}" if synonyms else f"{rules.num_parents} symbols, {len(rules.parents)}"
    return _titled(f"Level {level}: {number} rules", table, rules.num_parents)


def names_and_probabilities(grammar: Grammar) -> dict[str, Any]:
    """What JSON says beside the rules: the names of symbols by depth, and per level the probabilities of each symbol's rules."""
    found: dict[str, Any] = {"names": grammar.names} if grammar.is_named else {}
    if not all(level.is_uniform for level in grammar.levels):
        found["probabilities"] = [
            [probabilities.tolist() for probabilities in np.split(level.probabilities, level.first[1:])]
            for level in grammar.levels
        ]
    return found


def string_table(grammar: Grammar, strings: NDArray[np.uint8], classes: NDArray[np.int64], train_size: int) -> Group:
    """One row per string: its split, class and tokens."""
    table = _table("split", "class")
    table.add_column("tokens")
    for row, (string, label) in enumerate(zip(strings[:MAX_ROWS], classes, strict=False)):
        split = "train" if row < train_size else "test"
        table.add_row(split, Text(grammar.names[0][label]), Text(_words(string, grammar.names[-1])))
    return _titled(f"{train_size} training strings, {len(strings) - train_size} test strings", table, len(strings))


def derivation(grammar: Grammar, string: NDArray[np.uint8]) -> Tree:
    """The derivation tree of one valid string (d,): each symbol with the tuple it rewrites to."""
    parsed = [string, *(symbols[0] for symbols in Parser(grammar).levels(string[None]))]
    levels = [[names[symbol] for symbol in symbols] for names, symbols in zip(grammar.names[::-1], parsed, strict=True)]
    tree = Tree(Text.assemble("Derivation of ", (" ".join(levels[0]), "bold")))
    _grow(tree, levels, grammar.tuple_size, 0)
    return tree


def parse_tables(grammar: Grammar, strings: NDArray[np.uint8], found: Parse) -> Group:
    """Validity per level, the number of valid strings, and each one's class."""
    validity = _table("level", "block", "validity")
    for level, share in enumerate(found.level_validity, start=1):
        validity.add_row(str(level), f"{grammar.tuple_size**level} tokens", f"{share:.4f}")
    table = _table("class")
    table.add_column("tokens")
    for string, label in zip(strings[:MAX_ROWS], found.classes, strict=False):
        name = Text(grammar.names[0][label]) if label >= 0 else Text("invalid", "red")
        table.add_row(name, Text(_words(string, grammar.names[-1])))
    title = f"{int(found.valid.sum())} of {len(strings)} strings are valid"
    return Group(_titled("Share of blocks that parse", validity), _titled(title, table, len(strings)))


def theory_tables(config: GrammarConfig, facts: dict[str, Any]) -> Group:
    """Theory per level, and the numbers of the grammar as a whole."""
    table = _table("level", "block", "chance validity", "sample complexity")
    rows = zip(facts["chance_validity"], facts["sample_complexity"], strict=True)
    for level, (chance, complexity) in enumerate(rows, start=1):
        table.add_row(
            str(level),
            f"{config.tuple_size**level} tokens",
            "unknown" if chance is None else f"{chance:.3g}",
            _integer(complexity),
        )
    counted = "derivations" if config.ambiguity else "distinct strings"
    lines = [
        f"P_max: {_integer(facts['p_max'])} {counted} of {config.string_length} tokens",
        f"epsilon*: {_threshold(config, facts['epsilon_star'])}",
        f"Bayes floor of the loss: {facts['bayes_floor']:.4f} nats per token",
    ]
    if "half_overlap" in facts:
        noises = ", ".join(f"{process} {noise:.3f}" for process, noise in facts["half_overlap"].items())
        lines.append(f"Half of the class is lost at noise: {noises}")
    if "infinite_depth" in facts:
        found = facts["infinite_depth"].items()
        noises = ", ".join(f"{process} {at['mean']:.3f} ± {at['standard_error']:.3f}" for process, at in found)
        lines.append(f"At infinite depth: {noises}")
    return Group(table, *map(Text, lines))


def _threshold(config: GrammarConfig, threshold: float | None) -> str:
    if threshold is not None:
        return f"{threshold:.4f}"
    if config.is_plain:
        return "none, this grammar has no transition"
    return "none, the theory is of random grammars with equally probable rules"


def _tuples(rules: Rules, symbol: int, names: tuple[str, ...]) -> Iterator[str]:
    first, count = rules.first[symbol], rules.counts[symbol]
    for rule in range(first, first + count):
        weight = "" if rules.is_uniform else f" ({rules.probabilities[rule]:.3g})"
        yield _words(rules.children[rule], names) + weight


def _grow(tree: Tree, levels: list[list[str]], size: int, position: int) -> None:
    *below, symbols = levels
    children = below[-1][position * size : (position + 1) * size]
    kind = "class " if len(symbols) == 1 else ""
    branch = tree.add(Text.assemble(kind, (symbols[position], "bold"), " -> ", (" ".join(children), "green")))
    if len(below) > 1:
        for child in range(position * size, (position + 1) * size):
            _grow(branch, below, size, child)


def _table(*numbers: str) -> Table:
    table = Table()
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _titled(title: str, table: Table, rows: int = 0) -> Group:
    more = [Text(f"{rows - MAX_ROWS} more; --json prints all", "dim")] if rows > MAX_ROWS else []
    return Group(Text(title, "bold"), table, *more)


def _words(symbols: Iterable[int], names: tuple[str, ...]) -> str:
    return " ".join(names[symbol] for symbol in symbols)


def _integer(number: int) -> str:
    return str(number) if number < 10**12 else f"about 10^{math.log10(number):.1f}"
