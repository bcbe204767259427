"""The axis `zip`: settings of several fields that vary together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rhm_sweeps.config import FIELDS, unknown_field
from rhm_sweeps.spaces.distributions import Scalar
from rhm_sweeps.spaces.fields import value_problem
from rhm_sweeps.yaml_loader import Path

Finding = tuple[Path, str]

_EXAMPLE = "{model.name: bp_unet, training.learning_rate: 1.0e-2}"


def read_zip(written: Any, findings: list[Finding]) -> tuple[dict[str, Scalar], ...]:
    """Return the settings that are written under `space.zip`, and add what is wrong with them to the findings."""
    path: Path = ("space", "zip")
    if not isinstance(written, list | tuple) or not written:
        findings.append((path, f"is {written!r}, but must be a list of settings such as {_EXAMPLE}"))
        return ()
    zipped: list[dict[str, Scalar]] = []
    for index, settings in enumerate(written):
        if not isinstance(settings, Mapping) or not settings:
            findings.append(((*path, index), f"is {settings!r}, but must be settings such as {_EXAMPLE}"))
            continue
        for name, value in settings.items():
            problem = value_problem(name, value) if name in FIELDS else unknown_field(name)
            if problem:
                findings.append(((*path, index, name), problem))
        zipped.append(dict(settings))
        if settings.keys() != zipped[0].keys():
            said = (
                f"sets {', '.join(settings)}, but the first sets {', '.join(zipped[0])}; all must set the same fields"
            )
            findings.append(((*path, index), said))
    return tuple(zipped)
