"""Spaces to search, and a search that is told a function's values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from rhm_sweeps.search import Study, Suggestion
from rhm_sweeps.spaces.search_space import SearchSpace

LR, WD = "training.learning_rate", "training.weight_decay"
AXES: dict[str, Any] = {LR: {"loguniform": [1e-5, 1.0]}, WD: {"loguniform": [1e-6, 1.0]}}
Function = Callable[[Mapping[str, Any]], tuple[float, ...]]


def space_of(algorithm: str, num_samples: int = 40, space: dict[str, Any] | None = None, **search: Any) -> SearchSpace:
    rest = {key: search.pop(key) for key in ("trial", "require", "replicas") if key in search}
    if algorithm not in ("random", "qmc") and "objectives" not in search:
        search = {"metric": "test_loss", **search}
    document = {"algorithm": algorithm, "num_samples": num_samples, **search}
    return SearchSpace.build("x", space=space or AXES, search=document, **rest)


def bowl(params: Mapping[str, Any]) -> tuple[float, ...]:
    """A tilted quadratic in the logarithms, whose least value is 0."""
    x, y = math.log10(params[LR]) + 2.3, math.log10(params[WD]) + 4.1
    return (x**2 + 0.5 * y**2 + 0.3 * x * y,)


def search_on(study: Study, function: Function = bowl, count: int | None = None) -> list[Suggestion]:
    """Ask and tell one by one, until none remains or `count` were asked."""
    asked = []
    while study.remaining and len(asked) != count:
        asked.append(study.ask())
        study.tell(asked[-1].number, function(asked[-1].params))
    return asked
