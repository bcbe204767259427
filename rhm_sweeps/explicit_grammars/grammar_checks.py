"""What makes a written grammar wrong: every problem, each with the path of what it is about."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from rhm_sweeps.explicit_grammars.explicit_grammar import ExplicitGrammar, Production, Symbol, rule_text, rules_of

Finding = tuple[tuple[str | int, ...], str]
"""A path such as ("levels", 0, "a", 1), the second production of `a` at the root, and what is wrong there."""

MAX_TUPLES = 2**22
"""Tuples that a level may choose from: tables of parsers have as many entries."""
MAX_SYMBOLS = 255
MAX_LAYERS = 12
MAX_TUPLE_SIZE = 16
MAX_STRING_LENGTH = 2**14
_NAME = re.compile(r"[^\s>|;*,\[\]]{1,32}")


def find_problems(grammar: ExplicitGrammar, unreachable: bool = False) -> list[Finding]:
    """Everything that is wrong with a grammar that has levels and symbols, beside symbols without productions.

    `unreachable` allows symbols that no class leads to; they are looked for only where nothing else is wrong.
    """
    found = [*_rule_problems(grammar), *_name_problems(grammar)]
    if found or not all(symbol.productions for level in grammar.levels for symbol in level):
        return found
    return list(_size_problems(grammar)) or ([] if unreachable else list(_unreachable(grammar)))


def first_appearances(levels: tuple[tuple[Symbol, ...], ...]) -> tuple[str, ...]:
    """The tokens that the last level makes, in the order in which they are written."""
    children = (child for _, production in rules_of(levels[-1]) for child in production.children)
    return tuple(dict.fromkeys(children))


def reachable(grammar: ExplicitGrammar) -> list[set[str]]:
    """The symbols at each depth 0..L that some class leads to."""
    reached = [set(grammar.names[0])]
    for level in grammar.levels:
        rules = rules_of([symbol for symbol in level if symbol.name in reached[-1]])
        reached.append({child for _, production in rules for child in production.children})
    return reached


def _rule_problems(grammar: ExplicitGrammar) -> Iterator[Finding]:
    first = next((rule for level in grammar.levels for rule in rules_of(level)), None)
    for depth, level in enumerate(grammar.levels):
        for symbol in level:
            earlier: set[tuple[str, ...]] = set()
            for index, production in enumerate(symbol.productions):
                path = ("levels", depth, symbol.name, index)
                rule = f"`{rule_text(symbol, production)}`"
                if first is not None and len(production.children) != len(first[1].children):
                    yield path, _misaligned(rule, production, *first)
                if not (0 < production.weight < math.inf):
                    yield path, f"{rule} has the weight {production.weight:g}, but must have one > 0; or leave it out"
                if production.children in earlier:
                    yield path, f"{rule} is written twice; add up the weights"
                earlier.add(production.children)
                for child in dict.fromkeys(production.children):
                    if child not in grammar.names[depth + 1]:
                        yield path, f"{rule} makes `{child}`, {_not_below(grammar, depth)}"


def _misaligned(rule: str, production: Production, first: Symbol, of_first: Production) -> str:
    return (
        f"{rule} makes {len(production.children)} symbols, but the first rule, `{rule_text(first, of_first)}`, makes "
        f"{len(of_first.children)}: strings would differ in length, so positions would not align"
    )


def _not_below(grammar: ExplicitGrammar, depth: int) -> str:
    if depth == grammar.num_layers - 1:
        return "which is not among `tokens`; add it there"
    return "which has no productions at the next level; add it there"


def _name_problems(grammar: ExplicitGrammar) -> Iterator[Finding]:
    for depth, names in enumerate(grammar.names):
        for name in names:
            if not (_NAME.fullmatch(name) and name.isprintable()):
                path = ("levels", depth, name) if depth < grammar.num_layers else ("tokens",)
                yield (
                    path,
                    f"the name {name!r} must have 1 to 32 characters that can be shown, no blanks and none of > | ; * , [ ]",
                )


def _size_problems(grammar: ExplicitGrammar) -> Iterator[Finding]:
    size, layers = grammar.tuple_size, grammar.num_layers
    if not 2 <= size <= MAX_TUPLE_SIZE:
        yield ("levels",), f"rules make {size} symbols, but must make 2 to {MAX_TUPLE_SIZE}"
    if layers > MAX_LAYERS:
        yield ("levels",), f"there are {layers} levels, but must be <= {MAX_LAYERS}"
    elif size**layers > MAX_STRING_LENGTH:
        yield (
            ("levels",),
            f"strings have {size}**{layers} = {size**layers} tokens, but must have <= {MAX_STRING_LENGTH}",
        )
    if grammar.num_features < 2:
        yield ("levels", layers - 1), f"makes {grammar.num_features} token, but must make at least 2"
    for depth, names in enumerate(grammar.names):
        most = MAX_SYMBOLS if depth == 0 else min(MAX_SYMBOLS, int(MAX_TUPLES ** (1 / size) + 1e-9))
        if len(names) > most:
            path = ("levels", depth) if depth < layers else ("levels", layers - 1)
            yield path, f"there are {len(names)} {'symbols' if depth < layers else 'tokens'}, but must be <= {most}"


def _unreachable(grammar: ExplicitGrammar) -> Iterator[Finding]:
    cure = "remove it, or write `unreachable: true` if that is meant"
    for depth, (names, reached) in enumerate(zip(grammar.names, reachable(grammar), strict=True)):
        for name in names:
            if name not in reached:
                path = ("levels", depth, name) if depth < grammar.num_layers else ("tokens",)
                yield path, f"no class leads to `{name}`; {cure}"
