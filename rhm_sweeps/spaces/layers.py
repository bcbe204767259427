"""A search space file laid over one that it includes: what the file says itself counts, the rest is as included."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from rhm_sweeps.spaces.fixed_values import FIXED_KEYS, field_of, leaves
from rhm_sweeps.yaml_loader import LocatedTree, Path

_DEPTHS = {"trial": 2, "stop": 1, "space": 1}
"""Levels at which the keys of both are brought together; below them the file's own value replaces the other."""


def lay_over(own: LocatedTree, base: LocatedTree) -> LocatedTree:
    """Return a file laid over an included one, with the places of both.

    `trial` and `stop` are merged by value, `space` by field, `require` holds the conditions of both, all else is replaced.
    A field that the file fixes is no axis any more, and one that it varies is fixed no more; with `when` it stays as
    included where the condition does not hold.
    """
    changed = _Changed.by(own.tree)
    under, indices = _pruned(base.tree, changed)
    merged = {**under, **{key: _merged(value, under.get(key), _DEPTHS.get(key, 0)) for key, value in own.tree.items()}}
    required = _listed(under.get("require")), _listed(own.tree.get("require"))
    if any(required):
        merged["require"] = [condition for part in required for condition in part]
    places = dict(_moved(own, {("require",): dict(enumerate(range(len(required[0]), len(merged.get("require", [])))))}))
    for path, place in _moved(base, indices | {("require",): {index: index for index in range(len(required[0]))}}):
        places.setdefault(path, place)
    return LocatedTree(merged, places)


@dataclass(frozen=True)
class _Changed:
    """The fields that a file fixes, varies (alone or in `zip`), varies under a condition, and derives."""

    fixed: frozenset[str]
    axes: frozenset[str]
    zipped: frozenset[str]
    conditional: frozenset[str]
    derived: frozenset[str]

    @classmethod
    def by(cls, tree: Mapping[str, Any]) -> Self:
        space = tree.get("space")
        space = space if isinstance(space, Mapping) else {}
        axes = {name: axis if isinstance(axis, Mapping) else {} for name, axis in space.items() if name != "zip"}
        zipped = [settings for settings in _listed(space.get("zip")) if isinstance(settings, Mapping)]
        return cls(
            fixed=frozenset(field_of(path) for top in FIXED_KEYS for path, _ in leaves(tree.get(top), (top,))),
            axes=frozenset(axes),
            zipped=frozenset(name for settings in zipped for name in settings),
            conditional=frozenset(name for name, axis in axes.items() if "when" in axis),
            derived=frozenset(name for name, axis in axes.items() if "derived" in axis),
        )


def leave_out(entries: Any, remove: Callable[[Any, int], Any], *, empty: bool = False) -> dict[int, Any]:
    """Return what is left of listed settings by old index, without those that came to be alike, or (unless `empty`) empty."""
    rests = {index: remove(entry, index) for index, entry in enumerate(entries)}
    if list(rests.values()) == list(entries):
        return rests
    left: dict[int, Any] = {}
    for index, rest in rests.items():
        if (rest or empty) and rest not in left.values():
            left[index] = rest
    return left


def without_keys(entry: Any, fields: Collection[str]) -> Any:
    """Return settings without some fields; what is no mapping is returned as it is."""
    return {name: value for name, value in entry.items() if name not in fields} if isinstance(entry, Mapping) else entry


def _pruned(tree: Mapping[str, Any], changed: _Changed) -> tuple[dict[str, Any], dict[Path, dict[int, int]]]:
    """An included tree without what is set anew, and the new by the old indices of its lists."""
    pruned: dict[str, Any] = dict(tree)
    indices: dict[Path, dict[int, int]] = {}
    for top in (top for top in FIXED_KEYS if top in tree):
        pruned[top] = _without(tree[top], (top,), changed.fixed | changed.zipped | (changed.axes - changed.conditional))
    if isinstance(tree.get("trials"), list | tuple):
        gone = changed.fixed | changed.derived
        left = leave_out(tree["trials"], lambda entry, index: _without(entry, ("trials", index), gone), empty=True)
        pruned["trials"], indices["trials",] = list(left.values()), _renumbered(left)
    if isinstance(tree.get("space"), Mapping):
        gone = changed.fixed | changed.zipped
        pruned["space"] = space = {name: axis for name, axis in tree["space"].items() if name not in gone}
        if isinstance(space.get("zip"), list | tuple):
            gone |= changed.axes
            left = leave_out(space.pop("zip"), lambda entry, _: without_keys(entry, gone))
            indices["space", "zip"] = _renumbered(left)
            space |= {"zip": list(left.values())} if left else {}
    return pruned, indices


def _without(tree: Any, path: Path, fields: Collection[str]) -> Any:
    if not isinstance(tree, Mapping):
        return tree
    paths = {key: (*path, key) for key in tree}
    return {key: _without(tree[key], paths[key], fields) for key in tree if field_of(paths[key]) not in fields}


def _merged(own: Any, base: Any, depth: int) -> Any:
    if depth == 0 or not isinstance(base, Mapping) or not isinstance(own, Mapping | None):
        return own
    over = {key: _merged(value, base.get(key), depth - 1) for key, value in (own or {}).items()}
    return {**base, **over}


def _moved(located: LocatedTree, indices: Mapping[Path, Mapping[int, int]]) -> Iterator[tuple[Path, str]]:
    """Yield the places with the new indices of lists; those of entries that are gone are left out."""
    for path, place in located.places.items():
        above = next((above for above in indices if path[: len(above)] == above and len(path) > len(above)), None)
        if above is None:
            yield path, place
            if path == ("require",) and not isinstance(located.tree["require"], list):
                yield from ((("require", new), place) for new in indices[path].values())
        elif (old := path[len(above)]) in indices[above]:
            yield (*above, indices[above][int(old)], *path[len(above) + 1 :]), place


def _renumbered(left: Mapping[int, Any]) -> dict[int, int]:
    return {old: new for new, old in enumerate(left)}


def _listed(written: Any) -> list[Any]:
    if written is None:
        return []
    return list(written) if isinstance(written, list | tuple) else [written]
