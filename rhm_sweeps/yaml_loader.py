"""YAML 1.2 written by people: plain data only, with the place of every key, and everything wrong reported at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rhm_sweeps.errors import ConfigError, Problem, UsageError

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
MAX_SCALAR = 1000
_PYTHON_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "bool", "null")}
_INTEGER = "tag:yaml.org,2002:int"
_CONSTRUCTOR = YAML(typ="safe", pure=True).constructor

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class LocatedTree:
    """Nested mappings and the place each key was written at, such as `memorization.yaml:12`, by its path."""

    tree: Mapping[str, Any]
    places: Mapping[Path, str] = field(default_factory=dict)

    def where(self, *path: str | int) -> str:
        """Return the place and dotted name of a path; a path that is nowhere has the place of its nearest parent."""
        return f"{self.places.get(self._nearest(path), '')} {_dotted(path)}".strip()

    def position(self, path: Path) -> int:
        """Return how many keys were written before the one at a path, or its nearest parent."""
        return list(self.places).index(self._nearest(path)) if self.places else 0

    def _nearest(self, path: Path) -> Path:
        return next((path[:length] for length in range(len(path), 0, -1) if path[:length] in self.places), ())


def load_yaml(text: str, source: str, *, number_keys: bool = False) -> LocatedTree:
    """Read one document whose top level is a mapping; `source` names it in messages.

    All keys are text; with `number_keys` also those that look like integers, `1: x`.

    Raises:
        ConfigError: listing all duplicate keys, or all anchors, aliases, tags and directives, or the first break of
            syntax; also for more than 64 kB and for a nesting deeper than 20.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise ConfigError([Problem(source, f"is longer than {MAX_BYTES // 1024} kB")], "YAML")
    try:
        problems = list(_refused(YAML(typ="safe", pure=True).parse(text), source))
        if problems:
            raise ConfigError(problems, "YAML")
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{source}:{mark.line + 1}" if mark else source
        raise ConfigError([Problem(place, f"is not valid YAML: {error.problem}")], "YAML") from None
    except YAMLError as error:
        raise ConfigError([Problem(source, f"is not valid YAML: {str(error).splitlines()[0]}")], "YAML") from None
    return _build(root, _Reading(source, _PYTHON_TAGS - {_INTEGER} if number_keys else _PYTHON_TAGS))


def parse_scalar(text: str) -> Any:
    """Return the value of a plain YAML 1.2 scalar: `1e-3` is a float, `no` a string, `017` is 17, `null` None.

    Raises:
        UsageError: if it is a number too long to read.
    """
    return _scalar(ScalarNode(YAML(typ="safe", pure=True).resolver.resolve(ScalarNode, text, (True, False)), text))


def _refused(events: Iterator[Event], source: str) -> Iterator[Problem]:
    """Yield what only a program would write; stop at a nesting that is too deep to read."""
    depth = 0
    for event in events:
        place = f"{source}:{event.start_mark.line + 1}"
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            depth -= 1
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            depth += 1
        if depth > MAX_DEPTH:
            yield Problem(place, f"is nested deeper than {MAX_DEPTH}")
            return
        if isinstance(event, DocumentStartEvent) and (event.version or event.tags):
            yield Problem(place, "starts with a % directive; leave it out")
        if isinstance(event, AliasEvent):
            yield Problem(place, f"alias *{event.anchor}: write the values out")
        elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
            if event.anchor:
                yield Problem(place, f"anchor &{event.anchor}: write the values out where they are used")
            if event.tag:
                yield Problem(place, f"tag {event.tag}: leave it out")


@dataclass(frozen=True)
class _Reading:
    """What is found while a document is read, and which tags no key may have."""

    source: str
    refused_keys: Collection[str]
    places: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, node: Node) -> str:
        return f"{self.source}:{node.start_mark.line + 1}"


def _build(root: Node | None, reading: _Reading) -> LocatedTree:
    if not isinstance(root, MappingNode):
        raise ConfigError([Problem(reading.source, "must be a mapping such as `name: memorization`")], "YAML")
    reading.places[()] = reading.place(root)
    tree = _value(root, (), reading)
    if reading.problems:
        raise ConfigError(reading.problems, "YAML")
    return LocatedTree(tree, reading.places)


def _value(node: Node, path: Path, reading: _Reading) -> Any:
    if isinstance(node, SequenceNode):
        return [_item(item, (*path, index), reading) for index, item in enumerate(node.value)]
    if isinstance(node, MappingNode):
        return _mapping(node, path, reading)
    try:
        return _scalar(node)
    except UsageError as error:
        reading.problems.append(Problem(f"{reading.place(node)} {_dotted(path)}", str(error)))
        return None


def _item(node: Node, path: Path, reading: _Reading) -> Any:
    reading.places[path] = reading.place(node)
    return _value(node, path, reading)


def _mapping(node: MappingNode, path: Path, reading: _Reading) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, item in node.value:
        place = reading.place(key)
        if not isinstance(key, ScalarNode) or key.tag in reading.refused_keys:
            reading.problems.append(Problem(place, "a key must be a name"))
        elif key.value in mapping:
            where, first = f"{place} {_dotted((*path, key.value))}", reading.places[(*path, key.value)]
            reading.problems.append(Problem(where, f"is written twice, first at {first}"))
        else:
            reading.places[(*path, key.value)] = place
            mapping[key.value] = _value(item, (*path, key.value), reading)
    return mapping


def _scalar(node: Node) -> Any:
    if node.tag not in _PYTHON_TAGS:
        return node.value
    if len(node.value) > MAX_SCALAR:  # Python's own limit on digits can be lifted by any package that is imported
        raise UsageError(f"is {node.value[:20]}..., a number too long to read")
    return _CONSTRUCTOR.yaml_constructors[node.tag](_CONSTRUCTOR, node)


def _dotted(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
