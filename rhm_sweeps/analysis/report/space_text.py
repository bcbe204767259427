"""The search space of a sweep as the YAML file that launches it again."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from rhm_sweeps.printable import printable


def space_yaml(space: Mapping[str, Any] | None) -> str:
    """A search space as the YAML file that launches it, its question in the first line; empty without a space."""
    if not space:
        return ""
    text = io.StringIO()
    YAML().dump({key: value for key, value in space.items() if key != "question"}, text)
    question = " ".join(printable(str(space.get("question") or "")).split())
    return (f"# {question}\n" if question else "") + text.getvalue()
