"""A grammar in YAML, for people to read and write.

name: animals                                            # optional
levels:                                                  # from the root down
  - s: [np vp, {tuple: [np, np], weight: 0.5}]           # names between blanks, or in a list; weights default to 1
  - {np: [ab, aa], vp: [ba]}                             # names of one character may stand together
tokens: [a, b]                                           # optional: their order, else that in which they appear
unreachable: false                                       # optional: true if symbols that no class leads to are meant
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from rhm_sweeps.errors import ConfigError, Problem, UsageError
from rhm_sweeps.explicit_grammars.explicit_grammar import ExplicitGrammar, Production, Symbol, plain_symbol
from rhm_sweeps.explicit_grammars.grammar_checks import Finding, find_problems, first_appearances, reachable
from rhm_sweeps.explicit_grammars.grammar_text import weight_text
from rhm_sweeps.nearest_name import cure_of_name
from rhm_sweeps.yaml_loader import load_yaml, parse_scalar

_KEYS = ("name", "levels", "tokens", "unreachable")


def parse_grammar_yaml(text: str, source: str = "grammar") -> ExplicitGrammar:
    """Return the grammar of a YAML text; `source` names it in messages.

    Raises:
        ConfigError: listing everything that is wrong, with line and place.
    """
    located = load_yaml(text, source, number_keys=True)
    findings = _key_findings(located.tree)
    levels = _levels(located.tree.get("levels"), findings)
    tokens = _tokens(located.tree.get("tokens"), findings)
    grammar = None
    if levels and all(levels):
        grammar = ExplicitGrammar(levels, first_appearances(levels) if tokens is None else tokens)
        allowed = bool(located.tree.get("unreachable")) or bool(findings)
        findings += find_problems(grammar, unreachable=allowed)
    if findings or grammar is None:
        findings.sort(key=lambda finding: located.position(finding[0]))
        raise ConfigError([Problem(located.where(*path), message) for path, message in findings], "grammar")
    return grammar


def grammar_yaml(grammar: ExplicitGrammar, name: str | None = None) -> str:
    """The YAML text of a grammar, a line per symbol; `parse_grammar_yaml` reads it back."""
    lines = [] if name is None else [f"name: {_scalar(name)}"]
    lines.append("levels:")
    for level in grammar.levels:
        heads = ["  - ", *["    "] * (len(level) - 1)]
        lines += [f"{head}{_symbol_yaml(symbol)}" for head, symbol in zip(heads, level, strict=True)]
    if grammar.tokens != first_appearances(grammar.levels):
        lines.append(f"tokens: [{', '.join(map(_scalar, grammar.tokens))}]")
    if any(set(names) - reached for names, reached in zip(grammar.names, reachable(grammar), strict=True)):
        lines.append("unreachable: true")
    return "\n".join(lines) + "\n"


def _key_findings(tree: Mapping[str, Any]) -> list[Finding]:
    findings: list[Finding] = []
    for key in tree:
        if key not in _KEYS:
            findings.append(((key,), f"there is no such key; {cure_of_name(key, _KEYS)}"))
    if not isinstance(tree.get("name", ""), str | int):
        findings.append((("name",), f"is {tree['name']!r}, but must be a name"))
    if not isinstance(tree.get("unreachable", False), bool):
        findings.append((("unreachable",), f"is {tree['unreachable']!r}, but must be true or false"))
    return findings


def _levels(written: Any, findings: list[Finding]) -> tuple[tuple[Symbol, ...], ...]:
    if not isinstance(written, list) or not written:
        findings.append((("levels",), "must be a list of levels, from the root down; each maps symbols to tuples"))
        return ()
    levels = []
    for depth, level in enumerate(written):
        if not isinstance(level, Mapping) or not level:
            findings.append((("levels", depth), f"is {level!r}, but must map symbols to their tuples: {{a: [ij, ik]}}"))
        symbols = level.items() if isinstance(level, Mapping) else ()
        levels.append(tuple(_symbol(name, tuples, depth, findings) for name, tuples in symbols))
    return tuple(levels)


def _symbol(name: str, tuples: Any, depth: int, findings: list[Finding]) -> Symbol:
    path = ("levels", depth, name)
    if not isinstance(tuples, list) or not tuples:
        findings.append((path, f"is {tuples!r}, but must list at least one tuple: {name}: [ij, ik]"))
        tuples = []
    productions = []
    for index, written in enumerate(tuples):
        try:
            productions.append(_production(written))
        except UsageError as error:
            findings.append(((*path, index), str(error)))
    return plain_symbol(name, productions)


def _production(written: Any) -> Production:
    if not isinstance(written, Mapping):
        return Production(_children(written))
    if not {"tuple"} <= written.keys() <= {"tuple", "weight"}:
        raise UsageError("must have `tuple` and may have `weight`: {tuple: ij, weight: 2}")
    weight = written.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise UsageError(f"has the weight {weight!r}, but must have a number > 0")
    return Production(_children(written["tuple"]), float(weight))


def _children(written: Any) -> tuple[str, ...]:
    if isinstance(written, list) and written:
        return tuple(map(_name, written))
    if isinstance(written, str) and written.strip():
        words = written.split()
        return tuple(words if len(words) > 1 else words[0])
    cure = "put it in quotes" if isinstance(written, int | float) else "write `ij`, `[i, j]` or {tuple: ij, weight: 2}"
    raise UsageError(f"is {written!r}, but must be a tuple of symbols; {cure}")


def _name(written: Any) -> str:
    if isinstance(written, str) or (isinstance(written, int) and not isinstance(written, bool)):
        return str(written)
    raise UsageError(f"has {written!r}, but must have names of symbols; put it in quotes")


def _tokens(written: Any, findings: list[Finding]) -> tuple[str, ...] | None:
    if written is None:
        return None
    try:
        tokens = tuple(map(_name, written)) if isinstance(written, list) else ()
    except UsageError as error:
        findings.append((("tokens",), str(error)))
        return None
    if not tokens:
        findings.append((("tokens",), f"is {written!r}, but must be a list of names"))
        return None
    twice = sorted({token for token in tokens if tokens.count(token) > 1})
    findings += [(("tokens",), f"`{token}` is written twice") for token in twice]
    return tokens


def _symbol_yaml(symbol: Symbol) -> str:
    tuples = ", ".join(_production_yaml(production, symbol.is_weighted) for production in symbol.productions)
    return f"{_scalar(symbol.name)}: [{tuples}]"


def _production_yaml(production: Production, weighted: bool) -> str:
    joined = "".join(production.children)
    letters = len(joined) == len(production.children) and _scalar(joined) == joined and not joined.isdigit()
    children = joined if letters else f"[{', '.join(map(_scalar, production.children))}]"
    return f"{{tuple: {children}, weight: {weight_text(production.weight)}}}" if weighted else children


@lru_cache(maxsize=4096)
def _scalar(text: str) -> str:
    """The name as YAML reads it back: plain where it is a word or a whole number, else in quotes."""
    plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", text) and str(parse_scalar(text)) == text
    return text if plain and not isinstance(parse_scalar(text), bool | float) else json.dumps(text, ensure_ascii=False)
