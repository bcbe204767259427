"""Grammars, strings, parses and theory drawn in the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Group
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.grammar import Grammar, Parse, Parser

MAX_ROWS = 32
"""Rows of a table; --json prints everything."""


def rule_table(grammar: Grammar, index: int) -> Group:
    """The rules `index` levels below the root: one row per symbol, its synonyms separated by bars."""
    level = grammar.num_layers - index
    head = "class" if index == 0 else "symbol"
    rules = grammar.rules[index]
    table = _table(head)
    table.add_column("leaf tuples" if level == 1 else f"level-{level - 1} tuples")
    for symbol, synonyms in enumerate(rules[:MAX_ROWS]):
        table.add_row(str(symbol), " | ".join(_tokens(synonym) for synonym in synonyms))
    return _titled(f"Level {level}: {len(rules)} x {grammar.num_synonyms} rules", table, len(rules))


def string_table(strings: NDArray[np.uint8], classes: NDArray[np.int64], train_size: int) -> Group:
    """One row per string: its split, class and tokens."""
    table = _table("split", "class")
    table.add_column("tokens")
    for row, (string, label) in enumerate(zip(strings[:MAX_ROWS], classes, strict=False)):
        table.add_row("train" if row < train_size else "test", str(label), _tokens(string))
    return _titled(f"{train_size} training strings, {len(strings) - train_size} test strings", table, len(strings))


def derivation(grammar: Grammar, string: NDArray[np.uint8]) -> Tree:
    """The derivation tree of one valid string (d,): each symbol with the tuple it rewrites to."""
    levels = [string, *(symbols[0] for symbols in Parser(grammar).levels(string[None]))]
    tree = Tree(Text.assemble("Derivation of ", (_tokens(string), "bold")))
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
        table.add_row(str(label) if label >= 0 else Text("invalid", "red"), _tokens(string))
    title = f"{int(found.valid.sum())} of {len(strings)} strings are valid"
    return Group(_titled("Share of blocks that parse", validity), _titled(title, table, len(strings)))


def theory_tables(config: GrammarConfig, facts: dict[str, Any]) -> Group:
    """Theory per level, and the numbers of the grammar as a whole."""
    table = _table("level", "block", "chance validity", "sample complexity")
    rows = zip(facts["chance_validity"], facts["sample_complexity"], strict=True)
    for level, (chance, complexity) in enumerate(rows, start=1):
        table.add_row(str(level), f"{config.tuple_size**level} tokens", f"{chance:.3g}", _integer(complexity))
    threshold = facts["epsilon_star"]
    lines = [
        f"P_max: {_integer(facts['p_max'])} distinct strings of {config.string_length} tokens",
        f"epsilon*: {'none, this grammar has no transition' if threshold is None else f'{threshold:.4f}'}",
        f"Bayes floor of the loss: {facts['bayes_floor']:.4f} nats per token",
    ]
    return Group(table, *map(Text, lines))


def _grow(tree: Tree, levels: list[NDArray[Any]], size: int, position: int) -> None:
    *below, symbols = levels
    children = below[-1][position * size : (position + 1) * size]
    kind = "class " if len(symbols) == 1 else ""
    branch = tree.add(Text.assemble(kind, (str(symbols[position]), "bold"), " -> ", (_tokens(children), "green")))
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


def _tokens(tokens: Iterable[int]) -> str:
    return " ".join(map(str, tokens))


def _integer(number: int) -> str:
    return str(number) if number < 10**12 else f"about 10^{math.log10(number):.1f}"
