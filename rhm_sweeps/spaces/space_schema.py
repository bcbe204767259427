"""The JSON schema of search space files, by which editors complete and check them; made of the models that read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rhm_sweeps.config import FIELDS, TrialConfig
from rhm_sweeps.spaces.distributions import DISTRIBUTIONS, Distribution, Options
from rhm_sweeps.spaces.document import BODY_KEYS
from rhm_sweeps.spaces.fields import SECTIONS, takes_numbers
from rhm_sweeps.spaces.header import Header

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": "string", "minLength": 1}


def space_schema() -> Schema:
    """Return the schema of a whole search space file, draft 2020-12.

    It knows fields, types, bounds and distributions. Relations between fields are left to `SearchSpace`, which is also
    stricter with numbers: 64.0 is no integer there.
    """
    header = Header.model_json_schema()
    trial = TrialConfig.model_json_schema()
    models = {section: part["$ref"].rpartition("/")[2] for section, part in trial["properties"].items()}
    parts = {name: part for name, part in trial["$defs"].items() if name not in models.values()}
    definitions = header.pop("$defs", {}) | parts
    for section in SECTIONS:
        model = trial["$defs"][models[section]]
        definitions |= {f"{section}.{leaf}": value for leaf, value in model["properties"].items()}
        definitions[section] = _section(section, model)
    definitions |= {word: _numbers(kind) for word, kind in DISTRIBUTIONS.items() if not issubclass(kind, Options)}
    definitions["settings"] = _mapping({**_refs(SECTIONS), **_refs(FIELDS)})
    properties = header["properties"]
    properties["search"] = _or_empty(properties["search"]) | {"description": Header.model_fields["search"].description}
    return {
        "$schema": DIALECT,
        "title": "Search space of rhm-sweep",
        "type": "object",
        "properties": properties | {key: _body(key) | {"description": said} for key, said in BODY_KEYS.items()},
        "additionalProperties": False,
        "anyOf": [{"required": ["name"]}, {"required": ["include"]}],
        "$defs": definitions,
    }


def _body(key: str) -> Schema:
    """What may stand under one of the `BODY_KEYS`."""
    if key in ("include", "require"):
        return _one_or_more(_TEXT)
    if key == "trials":
        return {"type": "array", "minItems": 1, "items": _ref("settings")}
    if key == "space":
        together = {"type": "array", "minItems": 1, "items": _mapping(_refs(FIELDS)) | {"minProperties": 1}}
        return _or_empty(_mapping({"zip": together, **{field: _axis(field) for field in FIELDS}}))
    return _or_empty(_ref("settings" if key == "trial" else key))


def _section(section: str, model: Schema) -> Schema:
    fields = {field.split(".")[1]: _ref(field) for field in FIELDS if field.startswith(f"{section}.")}
    return _or_empty(_mapping(fields)) | {"description": model["description"]}


def _axis(field: str) -> Schema:
    """A distribution of a field, or the expression that it is derived by."""
    words = [word for word, kind in DISTRIBUTIONS.items() if takes_numbers(field) or issubclass(kind, Options)]
    read: Schema = {
        word: _options(kind, field) if issubclass(kind, Options) else _ref(word)
        for word, kind in DISTRIBUTIONS.items()
        if word in words
    }
    derived = {"derived": _TEXT} if takes_numbers(field) else {}
    axis = _mapping({**read, "when": _TEXT, **derived}) | {
        "oneOf": [{"required": [word]} for word in (*read, *derived)]
    }
    return axis | {"not": {"required": ["derived", "when"]}} if derived else axis


def _options(kind: type[Distribution], field: str) -> Schema:
    return {"type": "array", "items": _ref(field), "minItems": 1, "description": _said(kind)}


def _numbers(kind: type[Distribution]) -> Schema:
    sizes = {"minItems": min(kind.num_arguments), "maxItems": max(kind.num_arguments)}
    items = {"type": "integer" if kind.integer else "number"}
    return {"type": "array", "items": items, **sizes, "description": _said(kind)}


def _said(kind: type[Distribution]) -> str:
    return f"{(kind.__doc__ or '').strip()} Written {{{kind.form}}}."


def _mapping(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _or_empty(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _one_or_more(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "array", "items": schema, "minItems": 1}]}


def _refs(names: Iterable[str]) -> dict[str, Schema]:
    return {name: _ref(name) for name in names}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}
