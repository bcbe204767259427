"""The values of a trial's fields, from the nested configuration that a record of it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rhm_sweeps.config import FIELDS, TrialConfig

_DEFAULTS = TrialConfig().flat()
_PLACES = [(*name.split("."), _DEFAULTS[name]) for name in FIELDS]


def field_values(config: Mapping[str, Any]) -> list[Any]:
    """The values of all `FIELDS`, in their order; a field that is not there was made later and has its default."""
    return [config.get(section, {}).get(name, default) for section, name, default in _PLACES]
