"""A grammar in one line: `1>ab|ba*2 2>aa; a>ij b>ik|jk`.

Levels from the root down are separated by `;`, symbols by blanks, their tuples by `|`; `*2` after a tuple is its weight.
Symbols with longer names are separated by commas in a tuple: `s>np,vp`. The tokens may follow as a last part, `; i j k`,
where they are not to be in the order in which they appear.
"""

from __future__ import annotations

from rhm_sweeps.errors import ConfigError, Problem, UsageError
from rhm_sweeps.explicit_grammars.explicit_grammar import ExplicitGrammar, Production, Symbol, plain_symbol
from rhm_sweeps.explicit_grammars.grammar_checks import Finding, find_problems, first_appearances
from rhm_sweeps.yaml_loader import LocatedTree


def grammar_text(grammar: ExplicitGrammar) -> str:
    """The one line that `parse_grammar_text` reads; equal grammars have equal lines."""
    parts = [" ".join(map(_symbol_text, level)) for level in grammar.levels]
    if grammar.tokens != first_appearances(grammar.levels):
        parts.append(" ".join(grammar.tokens))
    return "; ".join(parts)


def parse_grammar_text(text: str) -> ExplicitGrammar:
    """Return the grammar of one line.

    Raises:
        ConfigError: listing everything that is wrong.
    """
    *parts, last = [part.split() for part in text.split(";")]
    tokens = tuple(last) if parts and last and not any(">" in word for word in last) else None
    findings: list[Finding] = []
    levels = tuple(
        tuple(_symbol(word, depth, findings) for word in words)
        for depth, words in enumerate(parts if tokens is not None else [*parts, last])
    )
    if not findings:
        findings = [(("levels", depth), "has no symbols") for depth, level in enumerate(levels) if not level]
    if not findings:
        findings = list(_twice(levels, tokens or ()))
    if not findings:
        grammar = ExplicitGrammar(levels, tokens or first_appearances(levels))
        findings = find_problems(grammar, unreachable=True)
    if findings:
        raise ConfigError([Problem(LocatedTree({}).where(*path), message) for path, message in findings], "grammar")
    return grammar


def _symbol_text(symbol: Symbol) -> str:
    weighted = symbol.is_weighted
    return f"{symbol.name}>" + "|".join(_production_text(production, weighted) for production in symbol.productions)


def _production_text(production: Production, weighted: bool) -> str:
    plain = all(len(child) == 1 for child in production.children)
    weight = f"*{weight_text(production.weight)}" if weighted else ""
    return ("" if plain else ",").join(production.children) + weight


def weight_text(weight: float) -> str:
    """A weight that reads back as the same number."""
    return repr(weight).removesuffix(".0")


def _symbol(word: str, depth: int, findings: list[Finding]) -> Symbol:
    name, arrow, tuples = word.partition(">")
    productions = []
    for index, written in enumerate(tuples.split("|")):
        try:
            if not (name and arrow):
                raise UsageError(f"{word!r} is not of the form symbol>tuple|tuple")
            productions.append(_production(written))
        except UsageError as error:
            findings.append((("levels", depth, name or word, index), str(error)))
    return plain_symbol(name, productions)


def _production(written: str) -> Production:
    children, star, weight = written.partition("*")
    if not children:
        raise UsageError(f"{written!r} has no symbols")
    try:
        number = float(weight) if star else 1.0
    except ValueError:
        raise UsageError(f"{written!r} has the weight {weight!r}, but must have a number") from None
    return Production(tuple(children.split(",") if "," in children else children), number)


def _twice(levels: tuple[tuple[Symbol, ...], ...], tokens: tuple[str, ...]) -> list[Finding]:
    names = [[symbol.name for symbol in level] for level in levels]
    found: list[Finding] = [
        (("levels", depth, name), "is written twice")
        for depth, level in enumerate(names)
        for name in dict.fromkeys(level)
        if level.count(name) > 1
    ]
    return found + [
        (("tokens",), f"`{token}` is written twice") for token in sorted(set(tokens)) if tokens.count(token) > 1
    ]
