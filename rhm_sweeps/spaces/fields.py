"""The fields of a trial, one by one: what each means and which values it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from rhm_sweeps.config import FIELDS, TrialConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.nearest_name import nearest_name

SECTIONS: tuple[str, ...] = tuple(dict.fromkeys(field.split(".")[0] for field in FIELDS))
"""The names of the sections of a trial that a person sets."""

_BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


@dataclass(frozen=True)
class TrialField:
    """A field of a trial: its dotted name, its type with bounds in words, its default and its meaning."""

    name: str
    type: str
    default: Any
    doc: str


def trial_fields() -> tuple[TrialField, ...]:
    """Return all fields of a trial, in order."""
    infos = [(name, _info(name)) for name in FIELDS]
    return tuple(TrialField(name, _type_text(info), info.default, info.description or "") for name, info in infos)


def value_problem(field: str, value: Any) -> str | None:
    """Say why a field does not take a value, or return None; relations between fields are not looked at."""
    try:
        _adapter(field).validate_python(value)
    except ValidationError as error:
        message = error.errors()[-1]["msg"].removeprefix("Value error, ")
        return f"is {value!r}, but {message[0].lower()}{message[1:]}"
    return None


def takes_integers(field: str) -> bool:
    """Whether the values of a field are integers."""
    annotation = _info(field).annotation
    return int in (annotation, *get_args(annotation))


def takes_numbers(field: str) -> bool:
    """Whether the values of a field are integers or real numbers."""
    annotation = _info(field).annotation
    return takes_integers(field) or float in (annotation, *get_args(annotation))


def resolve_field(name: str, fields: Sequence[str] = FIELDS) -> str:
    """Return the one field with this dotted name, or with this last part.

    Raises:
        UsageError: if there is none (with the nearest) or more than one (with all of them).
    """
    if name in fields:
        return name
    found = [field for field in fields if field.rsplit(".", 1)[-1] == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"`{name}` is ambiguous; write {' or '.join(f'`{field}`' for field in found)}")
    leaves = {field.rsplit(".", 1)[-1]: field for field in reversed(fields)}
    near = nearest_name(name, [*fields, *leaves])
    cure = f"did you mean `{leaves.get(near, near)}`?" if near else "`rhm-sweep spaces fields` lists all"
    raise UsageError(f"there is no field `{name}`; {cure}")


def _info(field: str) -> FieldInfo:
    section, leaf = field.split(".")
    kind: Any = TrialConfig.model_fields[section].annotation
    info: FieldInfo = kind.model_fields[leaf]
    return info


@cache
def _adapter(field: str) -> TypeAdapter[Any]:
    info = _info(field)
    annotation: Any = Annotated[info.annotation, info]
    return TypeAdapter(annotation, config=ConfigDict(strict=True, allow_inf_nan=False))


def _type_text(info: FieldInfo) -> str:
    bounds = [
        f"{sign} {getattr(part, name)}"
        for part in info.metadata
        for name, sign in _BOUNDS.items()
        if hasattr(part, name)
    ]
    kind, *null = _annotation_text(info.annotation).split(" | null")
    return " ".join([kind, ", ".join(bounds)]).strip() + (" | null" if null else "")


def _annotation_text(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " | ".join(map(str, get_args(annotation)))
    if arguments := get_args(annotation):
        return " | ".join(map(_annotation_text, arguments))
    return "null" if annotation is NoneType else str(getattr(annotation, "__name__", annotation))
