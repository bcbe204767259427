"""A search space: one question, as fixed values of a trial and axes along which it varies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from rhm_sweeps.spaces.distributions import Distribution, ListedDistribution, RandomDistribution, Scalar
from rhm_sweeps.spaces.document import check_document
from rhm_sweeps.spaces.expressions import Expression
from rhm_sweeps.spaces.header import SEED_FIELDS
from rhm_sweeps.spaces.inclusion import resolve_includes
from rhm_sweeps.spaces.scheduler_settings import NoScheduler, SchedulerSettings, scheduler_dict
from rhm_sweeps.spaces.search_settings import SearchSettings
from rhm_sweeps.spaces.space_files import SpaceFile, read_space, space_tree
from rhm_sweeps.yaml_loader import LocatedTree


@dataclass(frozen=True)
class SearchSpace:
    """A checked search space. `trial` holds the fixed values, nested; `axes` the distribution of each dotted field,
    `derived` the expressions of those that follow from others, `require` the conditions that each setting has to meet,
    `conditions` where the axes hold that do not hold everywhere, `zipped` settings that vary together, `trials` single
    settings by dotted field; `places` says where each dotted key was written.
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
    trials: tuple[Mapping[str, Scalar], ...] = ()
    scheduler: SchedulerSettings = field(default_factory=NoScheduler)
    places: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """Return a shipped space by its name, or that of a YAML file.

        Raises:
            UsageError: if there is neither, naming the shipped ones.
            ConfigError: listing everything that is wrong in the file.
        """
        file = read_space(name_or_path)
        return cls.from_tree(space_tree(file.text, file.source), file)

    @classmethod
    def from_yaml(cls, text: str, source: str = "search space") -> Self:
        """Return the space of a YAML text, whose first comment line is the question.

        Raises:
            ConfigError: listing everything that is wrong, with line and key.
        """
        return cls.from_tree(space_tree(text, source), SpaceFile(text, source, Path(source)))

    @classmethod
    def build(cls, name: str, **document: Any) -> Self:
        """Return a space from Python values: the keys of the YAML file, with distributions as mappings or objects.

        Raises:
            ConfigError: listing everything that is wrong.
        """
        return cls.from_tree(LocatedTree({"name": name, **document}))

    @classmethod
    def from_tree(cls, located: LocatedTree, file: SpaceFile | None = None) -> Self:
        """Return the space of nested mappings whose places are known, and of those that they include.

        Raises:
            ConfigError: listing everything that is wrong.
        """
        located = resolve_includes(located, file)
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
            trials=document.trials,
            scheduler=header.scheduler,
            places={".".join(map(str, path)): place for path, place in located.places.items() if path},
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
            **({"trials": [dict(settings) for settings in self.trials]} if self.trials else {}),
            "search": self.search.to_dict(),
            **({} if self.scheduler.name == "none" else {"scheduler": scheduler_dict(self.scheduler)}),
            "replicas": self.replicas,
            **({"require": [condition.text for condition in self.require]} if self.require else {}),
        }

    def _when(self, name: str) -> dict[str, str]:
        return {"when": self.conditions[name].text} if name in self.conditions else {}

    @property
    def size(self) -> int:
        """Number of settings, replicas included, before any is left out; if axes have conditions, the most there can be."""
        return (self.num_cells * self.num_draws + len(self.trials)) * self.replicas

    @property
    def num_cells(self) -> int:
        """Combinations of the listed axes and `zip`; none if the space lists its trials and has no axes."""
        if self.trials and not self.axes and not self.zipped:
            return 0
        return math.prod(len(axis.values()) for axis in self.listed_axes.values()) * max(len(self.zipped), 1)

    @property
    def varied(self) -> tuple[str, ...]:
        """The dotted fields that the space varies: in step, along axes, derived, and in single trials."""
        zipped = self.zipped[0] if self.zipped else ()
        return tuple(
            dict.fromkeys((*zipped, *self.axes, *self.derived, *(name for one in self.trials for name in one)))
        )

    @property
    def told_apart_by(self) -> tuple[str, ...]:
        """The dotted fields in which settings may differ: those varied, and the seeds of replicas."""
        return tuple(dict.fromkeys((*self.varied, *(SEED_FIELDS if self.replicas > 1 else ()))))

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
