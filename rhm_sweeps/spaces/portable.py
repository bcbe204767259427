"""A search space in one document that means the same on another machine: no includes, no files of grammars, no credentials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import UsageError
from rhm_sweeps.explicit_grammars import canonical_grammar
from rhm_sweeps.spaces.search_space import SearchSpace

_EXPRESSIONS = ("when", "derived")


def portable_text(space: SearchSpace) -> str:
    """A YAML text of a space, with the content of each grammar's file in the place of its path.

    Raises:
        UsageError: if a condition or an expression of the space has such a path.
        ConfigError: if the text is longer than a search space may be.
    """
    expressions = (*space.require, *space.derived.values(), *space.conditions.values())
    document = _portable(space.to_dict(), "", " ".join(expression.text for expression in expressions))
    text = json.dumps(document, ensure_ascii=False)
    SearchSpace.from_yaml(text, f"{space.name}.yaml")
    return text


def _portable(value: Any, key: str, expressions: str) -> Any:
    if isinstance(value, Mapping):
        return {
            name: item if name in _EXPRESSIONS else _portable(item, name if _is_field(name) else key, expressions)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_portable(item, key, expressions) for item in value]
    if not isinstance(value, str):
        return value
    return _grammar(value, expressions) if key.rpartition(".")[2] == "explicit" else redact(value)


def _is_field(name: str) -> bool:
    """Whether it is a key that says what the values below it are, and not the word of a distribution."""
    return "." in name or name == "explicit"


def _grammar(explicit: str, expressions: str) -> str:
    line = canonical_grammar(explicit)
    if line != explicit and explicit in expressions:
        raise UsageError(
            f"a condition of the search space names the grammar's file {explicit!r}, which does not travel; "
            f"write {line!r} in both places"
        )
    return line
