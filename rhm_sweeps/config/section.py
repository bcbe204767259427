"""The base of every configuration section."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen, strict value: unknown keys, wrong types, infinities and NaN are refused at construction."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )

    def unused(self) -> Mapping[str, str]:
        """Fields without effect beside the others, each with what would give it one; they are no part of a trial's identity."""
        return {}
