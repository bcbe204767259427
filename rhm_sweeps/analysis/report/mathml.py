"""Formulas of the methods, from the part of TeX that they need, as MathML: browsers set it without fonts or scripts."""

from __future__ import annotations

import html
import re

TOKEN = re.compile(r"\\(?:text|mathrm)\{[^{}]*\}|\\[A-Za-z]+|\\[,;{}]|\d+(?:\.\d+)?|\s+|.")
LETTERS = {"alpha": "α", "beta": "β", "epsilon": "ε", "theta": "θ", "sigma": "σ", "tau": "τ", "chi": "χ"}
OPERATORS = {"approx": "≈", "cdot": "⋅", "ge": "≥", "in": "∈", "le": "≤", "propto": "∝", "sum": "∑", "times": "×"}
FUNCTIONS = ("exp", "ln", "log", "max", "min")
SCRIPTS = {"_": "msub", "^": "msup", "_^": "msubsup"}


def mathml(tex: str, *, display: bool = False) -> str:
    r"""MathML of a formula, such as `P^*_l \approx v\,m^{l+1}`.

    Args:
        display: whether it stands on a line of its own.

    Raises:
        ValueError: if the formula has a command that is not known here, or braces that do not match.
    """
    tokens = [token for token in TOKEN.findall(tex) if not token.isspace()]
    body = _row(tokens, None, tex)
    kind = ' display="block"' if display else ""
    return f"<math{kind}><mrow>{body}</mrow></math>"


def _row(tokens: list[str], end: str | None, tex: str) -> str:
    """Take tokens up to `end`, or all of them."""
    parts = []
    while tokens and tokens[0] != end:
        parts.append(_with_scripts(tokens, tex))
    if end is not None:
        if not tokens:
            raise ValueError(f"a brace is not closed in {tex!r}")
        tokens.pop(0)
    return "".join(parts)


def _with_scripts(tokens: list[str], tex: str) -> str:
    base = _atom(tokens, tex)
    scripts: dict[str, str] = {}
    while tokens and tokens[0] in ("_", "^"):
        mark = tokens.pop(0)
        scripts[mark] = _atom(tokens, tex)
    if not scripts:
        return base
    tag = SCRIPTS["".join(mark for mark in "_^" if mark in scripts)]
    return f"<{tag}>{base}{''.join(scripts[mark] for mark in '_^' if mark in scripts)}</{tag}>"


def _atom(tokens: list[str], tex: str) -> str:
    if not tokens or tokens[0] == "}":
        raise ValueError(f"something is missing in {tex!r}")
    token = tokens.pop(0)
    if token == "{":
        return f"<mrow>{_row(tokens, '}', tex)}</mrow>"
    if token == r"\frac":
        return f"<mfrac>{_atom(tokens, tex)}{_atom(tokens, tex)}</mfrac>"
    if token == r"\bar":
        return f'<mover accent="true">{_atom(tokens, tex)}<mo>¯</mo></mover>'
    if token.startswith("\\"):
        return _command(token[1:], tex)
    if token[0].isdigit():
        return f"<mn>{token}</mn>"
    return f"<mi>{token}</mi>" if token.isalpha() else f"<mo>{html.escape(token.replace('-', '−'))}</mo>"


def _command(name: str, tex: str) -> str:
    if name in LETTERS:
        return f"<mi>{LETTERS[name]}</mi>"
    if name in OPERATORS:
        return f"<mo>{OPERATORS[name]}</mo>"
    if name in FUNCTIONS:
        return f"<mi>{name}</mi>"
    if name in ("{", "}"):
        return f"<mo>{name}</mo>"
    if name in (",", ";"):
        return f'<mspace width="{0.17 if name == "," else 0.5}em"></mspace>'
    if name.startswith(("text{", "mathrm{")):
        text = name[name.index("{") + 1 : -1].replace(" ", "\u00a0")  # MathML drops plain spaces at the ends
        return f"<mtext>{html.escape(text)}</mtext>"
    raise ValueError(f"no command \\{name} is known, in {tex!r}")
