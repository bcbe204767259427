"""Changes to a search space in one word each, as behind `-s` on the command line.

    FIELD=VALUE              fixes a field, which then is no axis:        training.steps=1000
    FIELD=DISTRIBUTION:A,B   makes a field an axis, as in YAML:           training.train_size=grid:64,128
    FIELD=derived:EXPRESSION derives a field from others, as in YAML:     training.test_size=derived:train_size // 4
    name, replicas, search.algorithm, search.num_samples, search.seed     replicas=2

A field may be written by its last part where only one has it (`train_size=64`). Values are YAML 1.2 scalars (`1e-3`,
`true`, `null`). Where a field is changed twice the last change counts. `search.num_samples=20` also sets
`search.algorithm=random`, and `search.algorithm=grid` drops the number of draws.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

from rhm_sweeps.config import FIELDS, flatten
from rhm_sweeps.errors import ConfigError, Problem, UsageError
from rhm_sweeps.sweeps.distributions import DISTRIBUTIONS
from rhm_sweeps.sweeps.fields import resolve_field
from rhm_sweeps.sweeps.search_space import SearchSpace
from rhm_sweeps.sweeps.space_header import SearchSettings
from rhm_sweeps.yaml_loader import LocatedTree, Path, parse_scalar

OVERRIDE_HELP = (
    "Change the space: FIELD=VALUE fixes a field, FIELD=DISTRIBUTION:A,B makes it an axis, as in "
    "train_size=grid:64,128 or learning_rate=loguniform:1e-4,1e-2; also replicas=N, search.num_samples=N, name=NAME. "
    "Repeatable."
)
"""The grammar in one help text."""

_TOP_KEYS = ("name", "replicas")
_SEARCH_KEYS = tuple(f"search.{key}" for key in SearchSettings.model_fields)


def apply_overrides(space: SearchSpace, overrides: Sequence[str]) -> SearchSpace:
    """Return the space with changes such as `training.train_size=grid:64,128`; the module says how they are written.

    Raises:
        ConfigError: listing every change that cannot be read or leaves the space wrong.
    """
    document = space.to_dict()
    document["trial"] = dict(flatten(document["trial"]))
    places: dict[Path, str] = {(): ""}
    problems = []
    for text in overrides:
        try:
            places[_apply(document, text)] = f"-s {text}"
        except UsageError as error:
            problems.append(Problem(f"-s {text}", str(error)))
    if problems:
        raise ConfigError(problems, "search space")
    _settle_search(document["search"], {path[1] for path in places if path[:1] == ("search",)})
    return SearchSpace.from_tree(LocatedTree(document, places))


def _apply(document: dict[str, Any], text: str) -> Path:
    """Change the document and return the path that was changed."""
    name, equals, value = text.partition("=")
    if not equals or not value:
        raise UsageError("is not of the form FIELD=VALUE or FIELD=DISTRIBUTION:A,B")
    if name in _TOP_KEYS:
        document[name] = value if name == "name" else parse_scalar(value)
        return (name,)
    field = resolve_field(name, (*FIELDS, *_SEARCH_KEYS))
    if field in _SEARCH_KEYS:
        key = field.removeprefix("search.")
        document["search"][key] = parse_scalar(value)
        return ("search", key)
    axis = _axis(value)
    document["trial"].pop(field, None)
    _leave_out_of_zip(document["space"], field)
    if axis is None:
        document["space"].pop(field, None)
        document["trial"][field] = parse_scalar(value)
        return ("trial", field)
    document["space"][field] = axis
    return ("space", field)


def _leave_out_of_zip(space: dict[str, Any], field: str) -> None:
    """The last change counts, so that a field that is changed no longer varies with others."""
    rest = [{name: value for name, value in settings.items() if name != field} for settings in space.pop("zip", [])]
    zipped = [settings for index, settings in enumerate(rest) if settings and settings not in rest[:index]]
    if zipped:
        space["zip"] = zipped


def _axis(value: str) -> dict[str, Any] | None:
    """Return the distribution that a value names, or None for a plain value."""
    match = re.fullmatch(r"([a-z]+):(.*)", value)
    if match is None:
        return None
    word, arguments = match.groups()
    if word == "derived":
        return {word: arguments}
    if word not in DISTRIBUTIONS:
        near = difflib.get_close_matches(word, DISTRIBUTIONS, n=1, cutoff=0.5)
        cure = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(DISTRIBUTIONS)}"
        raise UsageError(f"`{word}` is not a distribution; {cure}")
    return {word: [parse_scalar(argument.strip()) for argument in arguments.split(",")] if arguments else []}


def _settle_search(search: dict[str, Any], changed: set[str | int]) -> None:
    if "num_samples" in changed and "algorithm" not in changed:
        search["algorithm"] = "random"
    elif "algorithm" in changed and search["algorithm"] == "grid" and "num_samples" not in changed:
        search.pop("num_samples", None)
