"""Trials from the settings of a space, which share the sections that they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from rhm_sweeps.config import TrialConfig, nest
from rhm_sweeps.config.section import Section

MAX_SECTIONS = 4096
"""Sections that are kept to be shared; so many that those of a slow axis are still there when they come again."""


@dataclass(frozen=True)
class TrialBuilder:
    """Makes trials of settings: a section that was seen before is neither checked nor stored again."""

    known: dict[tuple[str, str], Section] = field(default_factory=dict)

    def build(self, settings: Mapping[str, Any]) -> TrialConfig:
        """Return the trial of values by dotted field, equal to `TrialConfig.model_validate(nest(settings))`.

        Raises:
            ValidationError: as that.
        """
        tree = nest(settings)
        try:
            return TrialConfig.model_validate({name: self._section(name, part) for name, part in tree.items()})
        except ValidationError:
            return TrialConfig.model_validate(tree)

    def _section(self, name: str, part: Mapping[str, Any]) -> Section | Mapping[str, Any]:
        if name not in _KINDS:
            return part
        key = (name, repr(part))  # 1, 1.0 and True are equal, but not the same value of a field
        section = self.known.get(key)
        if section is None:
            if len(self.known) >= MAX_SECTIONS:
                self.known.clear()
            section = self.known[key] = _KINDS[name].model_validate(part)
        return section


_KINDS: dict[str, type[Section]] = {name: field.annotation for name, field in TrialConfig.model_fields.items()}  # type: ignore[misc]
