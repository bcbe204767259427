"""`include`: a search space that starts from others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Any

from rhm_sweeps.errors import ConfigError, Problem, UsageError
from rhm_sweeps.spaces.layers import lay_over
from rhm_sweeps.spaces.space_files import SpaceFile, read_space, space_tree
from rhm_sweeps.yaml_loader import LocatedTree

MAX_DEPTH = 10
MAX_FILES = 100


@dataclass(frozen=True)
class _Chain:
    """The files that include each other on the way to one, and all that were read so far."""

    files: tuple[SpaceFile, ...] = ()
    read: list[str] = field(default_factory=list)

    @property
    def depth(self) -> int:
        return len(self.files)

    def said(self, file: SpaceFile) -> str:
        return " -> ".join(one.source for one in (*self.files, file))


def resolve_includes(located: LocatedTree, file: SpaceFile | None = None) -> LocatedTree:
    """Return a search space laid over those that it includes, which are named as shipped or relative to its file.

    Raises:
        ConfigError: with the line of each `include` that cannot be followed: no such file, a cycle, more than 10 deep or
            more than 100 files; also for an included file that is not plain YAML.
    """
    return _resolved(located, _Chain(() if file is None else (file,)))


def _resolved(located: LocatedTree, chain: _Chain) -> LocatedTree:
    if "include" not in located.tree:
        return located
    own = LocatedTree({key: value for key, value in located.tree.items() if key != "include"}, located.places)
    written = located.tree["include"]
    listed = isinstance(written, list) and 0 < len(written) <= MAX_FILES
    bases: list[LocatedTree] = []
    problems: list[Problem] = []
    for index, name in enumerate(written if listed else [written]):
        try:
            bases.append(_base(name, chain))
        except ConfigError as error:
            problems.extend(error.problems)
        except UsageError as error:
            problems.append(Problem(located.where("include", *([index] if listed else [])), str(error)))
    if problems:
        raise ConfigError(problems, "search space")
    return reduce(lambda under, over: lay_over(over, under), [*bases, own])


def _base(name: Any, chain: _Chain) -> LocatedTree:
    file = _find(name, chain)
    if file.key in (one.key for one in chain.files):
        raise UsageError(f"goes round: {chain.said(file)}")
    if chain.depth > MAX_DEPTH:
        raise UsageError(f"is more than {MAX_DEPTH} deep: {chain.said(file)}")
    chain.read.append(file.key)
    if len(chain.read) > MAX_FILES:
        raise UsageError(f"makes more than {MAX_FILES} included files; include fewer")
    located = space_tree(file.text, file.source)
    for key in ("trial", "stop", "space"):
        if not isinstance(located.tree.get(key), Mapping | None):
            problem = Problem(located.where(key), f"is {located.tree[key]!r}, but must be a mapping")
            raise ConfigError([problem], "search space")
    return _resolved(located, replace(chain, files=(*chain.files, file)))


def _find(name: Any, chain: _Chain) -> SpaceFile:
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f"is {name!r}, but must be the name of a shipped search space or a path such as base.yaml")
    including = chain.files[-1] if chain.files else None
    if including is not None and including.path is None:
        return read_space(name.removesuffix(".yaml"))
    return read_space(name, Path() if including is None or including.path is None else including.path.parent)
