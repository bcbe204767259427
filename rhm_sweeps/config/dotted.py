"""Nested mappings as dotted names, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, value) for each leaf of nested mappings."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def look_up(tree: Mapping[str, Any], name: str) -> Any:
    """The value of a dotted name in nested mappings; None if there is none."""
    node: Any = tree
    for part in name.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `flatten`: `{"a.b": 1}` becomes `{"a": {"b": 1}}`."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *parents, leaf = name.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = value
    return tree


def is_seed(name: str) -> bool:
    """Whether a dotted name is that of a seed: trials that differ in seeds only are replicas of one setting."""
    return name.rpartition(".")[2].startswith("seed")


def seeds_last(names: Iterable[str]) -> list[str]:
    """Dotted names in the order of science: settings, then seeds."""
    return sorted(names, key=is_seed)
