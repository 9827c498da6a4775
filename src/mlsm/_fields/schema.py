"""JSON Schema of declared fields, for forms, documents and HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlsm._fields.declare import Field, Fields
    from mlsm._fields.kinds import Kind

__all__ = ["json_schema"]

_TYPES = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "str": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}
_NUMBER_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def json_schema(fields: Fields) -> dict[str, Any]:
    """Describe a record that satisfies these fields, as JSON Schema 2020-12.

    Example:
        >>> from mlsm._fields import fields_of_mapping
        >>> json_schema(fields_of_mapping({"employees": int}))["required"]
        ['employees']
    """
    return _object(tuple(fields))


def _object(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field.column: _property(field) for field in fields},
        "required": [field.column for field in fields if field.required],
    }


def _property(field: Field) -> dict[str, Any]:
    schema = _kind(field.kind)
    if not field.nullable:
        return schema
    schema = {"anyOf": [schema, {"type": "null"}]}
    if isinstance(field.default, (str, int, float, bool)):
        schema["default"] = field.default
    return schema


def _kind(kind: Kind) -> dict[str, Any]:
    if kind.name == "literal":
        return {"enum": list(kind.values)}
    if kind.name == "list" and kind.item is not None:
        lengths = {"minItems": kind.min_length, "maxItems": kind.max_length}
        return {"type": "array", "items": _kind(kind.item), **_set(lengths)}
    if kind.members is not None:
        return _object(kind.members)
    if kind.name == "object":
        return {"type": "object", "additionalProperties": _kind(kind.item) if kind.item else True}
    bounds = {schema: getattr(kind, ours) for ours, schema in _NUMBER_BOUNDS.items()}
    text = {"pattern": kind.pattern, "minLength": kind.min_length, "maxLength": kind.max_length}
    return {**_TYPES[kind.name], **_set(bounds), **_set(text)}


def _set(bounds: dict[str, Any]) -> dict[str, Any]:
    return {key: bound for key, bound in bounds.items() if bound is not None}
