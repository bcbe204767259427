"""Changes to a search space in one word each, as behind `-s` on the command line.

    FIELD=VALUE              fixes a field, which then is no axis:        training.steps=1000
    FIELD=DISTRIBUTION:A,B   makes a field an axis, as in YAML:           training.train_size=grid:64,128
    FIELD=derived:EXPRESSION derives a field from others, as in YAML:     training.test_size=derived:train_size // 4
    name, replicas, and the settings of search and scheduler              search.algorithm=tpe

A field may be written by its last part where only one has it (`train_size=64`). Values are YAML 1.2 scalars (`1e-3`,
`true`, `null`). Where a field is changed twice the last change counts. A field that is fixed or derived is so in the
single `trials` too; an axis is one of the product beside them. `search.num_samples=20` also sets
`search.algorithm=random` in place of grid; another algorithm or scheduler drops the settings that it does not have.
`search.objectives`, `search.warm_start` and `scheduler.fields` are lists: `search.objectives=novel_valid,flops`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rhm_sweeps.config import FIELDS, flatten
from rhm_sweeps.errors import ConfigError, Problem, UsageError
from rhm_sweeps.nearest_name import cure_of_name
from rhm_sweeps.spaces.distributions import DISTRIBUTIONS
from rhm_sweeps.spaces.fields import resolve_field
from rhm_sweeps.spaces.layers import leave_out, without_keys
from rhm_sweeps.spaces.scheduler_settings import SCHEDULERS
from rhm_sweeps.spaces.search_settings import ADAPTIVE, SearchSettings
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.yaml_loader import LocatedTree, Path, parse_scalar

OVERRIDE_HELP = (
    "Change the space: FIELD=VALUE fixes a field, FIELD=DISTRIBUTION:A,B makes it an axis, as in "
    "train_size=grid:64,128 or learning_rate=loguniform:1e-4,1e-2; also replicas=N, search.num_samples=N, name=NAME. "
    "Repeatable."
)
"""The grammar in one help text."""

_TOP_KEYS = ("name", "replicas")
_SEARCH = tuple(f"search.{key}" for key in SearchSettings.model_fields)
_SCHEDULER = tuple(dict.fromkeys(f"scheduler.{key}" for kind in SCHEDULERS.values() for key in kind.model_fields))
_LISTS = ("search.objectives", "search.warm_start", "scheduler.fields")


def apply_overrides(space: SearchSpace, overrides: Sequence[str]) -> SearchSpace:
    """Return the space with changes such as `training.train_size=grid:64,128`; the module says how they are written.

    Raises:
        ConfigError: listing every change that cannot be read or leaves the space wrong.
    """
    document = space.to_dict()
    document["trial"] = dict(flatten(document["trial"]))
    problems = []
    changed: dict[Path, str] = {}
    for text in overrides:
        try:
            changed[_apply(document, text)] = f"-s {text}"
        except UsageError as error:
            problems.append(Problem(f"-s {text}", str(error)))
    if problems:
        raise ConfigError(problems, "search space")
    _settle_search(document["search"], {str(path[1]) for path in changed if path[:1] == ("search",)})
    _settle_scheduler(document, {str(path[1]) for path in changed if path[:1] == ("scheduler",)})
    return SearchSpace.from_tree(LocatedTree(document, {(): "", **dict(_places(space, document)), **changed}))


def _places(space: SearchSpace, document: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Where that was written which a document still has of a space."""
    paths: list[Path] = [(top, name) for top in ("trial", "space") for name in document[top]]
    if document["space"].get("zip") == list(space.zipped):
        paths += [("space", "zip", index, name) for index, settings in enumerate(space.zipped) for name in settings]
    if document.get("trials") == list(space.trials):
        paths += [("trials", index, name) for index, settings in enumerate(space.trials) for name in settings]
    for path in paths:
        key = ".".join(map(str, path))
        if place := space.places.get(key) or space.places.get(key.removeprefix("trial.")):
            yield path, place


def _apply(document: dict[str, Any], text: str) -> Path:
    """Change the document and return the path that was changed."""
    name, equals, value = text.partition("=")
    if not equals or not value:
        raise UsageError("is not of the form FIELD=VALUE or FIELD=DISTRIBUTION:A,B")
    if name in _TOP_KEYS:
        document[name] = value if name == "name" else parse_scalar(value)
        return (name,)
    field = resolve_field(name, _SCHEDULER if name.startswith("scheduler.") else (*FIELDS, *_SEARCH))
    if field in (*_SEARCH, *_SCHEDULER):
        top, key = field.split(".")
        document.setdefault(top, {})[key] = _setting(field, value)
        return (top, key)
    axis = _axis(value)
    document["trial"].pop(field, None)
    _leave_out(document["space"], "zip", field)
    if axis is None or "derived" in axis:
        _leave_out(document, "trials", field, empty=True)
    if axis is None:
        document["space"].pop(field, None)
        document["trial"][field] = parse_scalar(value)
        return ("trial", field)
    document["space"][field] = axis
    return ("space", field)


def _leave_out(document: dict[str, Any], key: str, field: str, *, empty: bool = False) -> None:
    """The last change counts, so that a field that is changed no longer varies with others."""
    left = leave_out(document.pop(key, []), lambda settings, _: without_keys(settings, (field,)), empty=empty)
    if left:
        document[key] = list(left.values())


def _axis(value: str) -> dict[str, Any] | None:
    """Return the distribution that a value names, or None for a plain value."""
    match = re.fullmatch(r"([a-z]+):(.*)", value)
    if match is None:
        return None
    word, arguments = match.groups()
    if word == "derived":
        return {word: arguments}
    if word not in DISTRIBUTIONS:
        raise UsageError(f"`{word}` is not a distribution; {cure_of_name(word, DISTRIBUTIONS)}")
    return {word: [parse_scalar(argument.strip()) for argument in arguments.split(",")] if arguments else []}


def _setting(name: str, value: str) -> Any:
    """The value of a setting of the search or the scheduler."""
    if name not in _LISTS:
        return parse_scalar(value)
    entries = [entry.strip() for entry in value.split(",")]
    return [{"metric": entry} for entry in entries] if name == "search.objectives" else entries


def _settle_search(search: dict[str, Any], changed: set[str]) -> None:
    """Drop what was set for another algorithm."""
    if "num_samples" in changed and "algorithm" not in changed and search["algorithm"] == "grid":
        search["algorithm"] = "random"
    keeps = {"algorithm", "seed"} | ({"num_samples"} if search["algorithm"] != "grid" else set())
    dropped = search.keys() - keeps - changed
    if "objectives" in changed:
        dropped = {"metric", "mode"} - changed
    elif "metric" in changed:
        dropped = {"objectives", "mode"} - changed
    elif "algorithm" not in changed or search["algorithm"] in ADAPTIVE:
        return
    for key in dropped:
        search.pop(key, None)


def _settle_scheduler(document: dict[str, Any], changed: set[str]) -> None:
    """Drop what was set for another scheduler, or for another metric."""
    scheduler = document.get("scheduler", {})
    if "name" in changed:
        document["scheduler"] = {key: value for key, value in scheduler.items() if key in changed}
    elif "metric" in changed and "mode" not in changed:
        scheduler.pop("mode", None)
