"""A search space: one question, as fixed values of a trial and axes along which it varies."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Self

from rhm_sweeps.errors import UsageError
from rhm_sweeps.sweeps.distributions import Distribution, ListedDistribution, RandomDistribution, Scalar
from rhm_sweeps.sweeps.expressions import Expression
from rhm_sweeps.sweeps.space_document import check_document
from rhm_sweeps.sweeps.space_header import SearchSettings
from rhm_sweeps.yaml_loader import MAX_BYTES, LocatedTree, load_yaml

_SHIPPED = "rhm_sweeps.search_spaces"


@dataclass(frozen=True)
class SpaceFile:
    """The text of a search space and the file name that stands in messages about it."""

    text: str
    source: str


@dataclass(frozen=True)
class SearchSpace:
    """A checked search space. `trial` holds the fixed values, nested; `axes` the distribution of each dotted field,
    `derived` the expressions of those that follow from others, `require` the conditions that each setting has to meet,
    `conditions` where the axes hold that do not hold everywhere, `zipped` settings that vary together.
    """

    name: str
    question: str = ""
    trial: Mapping[str, Any] = field(default_factory=dict)
    axes: Mapping[str, Distribution] = field(default_factory=dict)
    search: SearchSettings = field(default_factory=SearchSettings)
    replicas: int = 1
    derived: Mapping[str, Expression] = field(default_factory=dict)
    require: tuple[Expression, ...] = ()
    conditions: Mapping[str, Expression] = field(default_factory=dict)
    zipped: tuple[Mapping[str, Scalar], ...] = ()

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """Return a shipped space by its name, or that of a YAML file.

        Raises:
            UsageError: if there is neither, naming the shipped ones.
            ConfigError: listing everything that is wrong in the file.
        """
        file = read_space(name_or_path)
        return cls.from_yaml(file.text, file.source)

    @classmethod
    def from_yaml(cls, text: str, source: str = "search space") -> Self:
        """Return the space of a YAML text, whose first comment line is the question.

        Raises:
            ConfigError: listing everything that is wrong, with line and key.
        """
        located = load_yaml(text, source)
        return cls.from_tree(LocatedTree({"question": _question(text), **located.tree}, located.places))

    @classmethod
    def build(cls, name: str, **document: Any) -> Self:
        """Return a space from Python values: the keys of the YAML file, with distributions as mappings or objects.

        Raises:
            ConfigError: listing everything that is wrong.
        """
        return cls.from_tree(LocatedTree({"name": name, **document}))

    @classmethod
    def from_tree(cls, located: LocatedTree) -> Self:
        """Return the space of nested mappings whose places are known.

        Raises:
            ConfigError: listing everything that is wrong.
        """
        document = check_document(located)
        header, space = document.header, document.space
        return cls(
            name=header.name,
            question=header.question,
            trial=document.trial,
            axes=space.axes,
            search=header.search,
            replicas=header.replicas,
            derived=space.derived,
            require=document.require,
            conditions=space.conditions,
            zipped=space.zipped,
        )

    def to_dict(self) -> dict[str, Any]:
        """The space as JSON values; `SearchSpace.build(**space.to_dict())` is an equal space."""
        return {
            "name": self.name,
            "question": self.question,
            "trial": {section: dict(values) for section, values in self.trial.items()},
            "space": {
                **({"zip": [dict(settings) for settings in self.zipped]} if self.zipped else {}),
                **{name: axis.to_dict() | self._when(name) for name, axis in self.axes.items()},
                **{name: {"derived": expression.text} for name, expression in self.derived.items()},
            },
            "search": self.search.model_dump(exclude_none=True),
            "replicas": self.replicas,
            **({"require": [condition.text for condition in self.require]} if self.require else {}),
        }

    def _when(self, name: str) -> dict[str, str]:
        return {"when": self.conditions[name].text} if name in self.conditions else {}

    @property
    def size(self) -> int:
        """Number of settings, replicas included, before any is left out; if axes have conditions, the most there can be."""
        cells = math.prod(len(axis.values()) for axis in self.listed_axes.values()) * max(len(self.zipped), 1)
        return cells * self.num_draws * self.replicas

    @property
    def num_draws(self) -> int:
        """Draws of the random axes per combination of the listed ones."""
        return self.search.num_samples or 1

    @property
    def listed_axes(self) -> dict[str, ListedDistribution]:
        """The axes that are crossed in full."""
        return {name: axis for name, axis in self.axes.items() if isinstance(axis, ListedDistribution)}

    @property
    def random_axes(self) -> dict[str, RandomDistribution]:
        """The axes that are drawn at random."""
        return {name: axis for name, axis in self.axes.items() if isinstance(axis, RandomDistribution)}


def shipped_spaces() -> tuple[str, ...]:
    """Return the names of the search spaces that are installed with the library, sorted."""
    files = (Path(item.name) for item in resources.files(_SHIPPED).iterdir())
    return tuple(sorted(file.stem for file in files if file.suffix == ".yaml"))


def read_space(name_or_path: str | Path) -> SpaceFile:
    """Return the text of a shipped space by its name, or of a file.

    Raises:
        UsageError: if there is neither, or the file cannot be read.
    """
    if str(name_or_path) in shipped_spaces():
        source = f"{name_or_path}.yaml"
        return SpaceFile((resources.files(_SHIPPED) / source).read_text(encoding="utf-8"), source)
    path = Path(name_or_path)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        return SpaceFile(content.decode("utf-8-sig", "replace" if len(content) > MAX_BYTES else "strict"), str(path))
    except FileNotFoundError:
        raise UsageError(
            f"there is no search space `{name_or_path}`, and no such file; {_nearest(path.stem)}"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the search space {path}: {error}") from None


def _nearest(name: str) -> str:
    shipped = shipped_spaces()
    near = difflib.get_close_matches(name, shipped, n=1, cutoff=0.5)
    return (f"did you mean `{near[0]}`? " if near else "") + f"Shipped are {', '.join(shipped)}"


def _question(text: str) -> str:
    first = text.lstrip("\ufeff\n").split("\n", 1)[0].strip()
    return first.lstrip("# ").strip() if first.startswith("#") else ""
