"""Declared inputs: what a model reads, and the one table by which values are read."""

from mlsm._fields.declare import (
    RESERVED,
    Alias,
    Default,
    Field,
    Fields,
    Meta,
    fields_of_function,
    fields_of_mapping,
)
from mlsm._fields.kinds import UNSET, Kind, Reading
from mlsm._fields.record import FieldReader, field_reader
from mlsm._fields.schema import json_schema

__all__ = [
    "RESERVED",
    "UNSET",
    "Alias",
    "Default",
    "Field",
    "FieldReader",
    "Fields",
    "Kind",
    "Meta",
    "Reading",
    "field_reader",
    "fields_of_function",
    "fields_of_mapping",
    "json_schema",
]
