"""JSON Schema of declared fields."""

from datetime import date
from typing import Annotated, Any, Literal, TypedDict

import pytest

from mlsm import Alias, Default, Meta, json_schema
from mlsm._fields import fields_of_mapping


class Visit(TypedDict):
    """A nested object."""

    page: str
    seconds: float | None


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (int, {"type": "integer"}), (float, {"type": "number"}), (bool, {"type": "boolean"}),
        (date, {"type": "string", "format": "date"}), (Literal["a", 1], {"enum": ["a", 1]}),
        (Annotated[int, Meta(ge=0, lt=9)], {"type": "integer", "minimum": 0, "exclusiveMaximum": 9}),
        (Annotated[str, Meta(pattern="a", max_length=3)], {"type": "string", "pattern": "a", "maxLength": 3}),
        (Annotated[list[int], Meta(min_length=1)], {"type": "array", "items": {"type": "integer"}, "minItems": 1}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Visit, {"type": "object", "required": ["page"], "properties": {
            "page": {"type": "string"}, "seconds": {"anyOf": [{"type": "number"}, {"type": "null"}]}}}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (Annotated[int, Default(3)], {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": 3}),
    ],
    ids=repr,
)  # fmt: skip
def test_each_kind_has_a_schema(annotation: Any, schema: dict[str, Any]) -> None:
    """Kinds, constraints, what may be empty and defaults are described."""
    assert schema == json_schema(fields_of_mapping({"x": annotation}))["properties"]["x"]


def test_a_schema_speaks_of_columns() -> None:
    """A record is described by the columns it is read from; those that it must have are required."""
    schema = json_schema(fields_of_mapping({"a": Annotated[int, Alias("A of Lead")], "b": str | None}))
    assert (["A of Lead"], ["A of Lead", "b"]) == (schema["required"], list(schema["properties"]))
