"""The polars type of each kind, for models that are handed frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from mlsm._fields.kinds import Kind

__all__ = ["dtype_of"]


def dtype_of(kind: Kind) -> pl.DataType | None:
    """Give the polars type of a kind's values; None where only Python objects will do."""
    import polars as pl

    simple = {
        "int": pl.Int64(),
        "float": pl.Float64(),
        "bool": pl.Boolean(),
        "str": pl.String(),
        "date": pl.Date(),
        "datetime": pl.Datetime("us", "UTC"),
    }
    if kind.name in simple:
        return simple[kind.name]
    if kind.name == "literal":
        whole = all(isinstance(value, int) for value in kind.values)
        text = all(isinstance(value, str) for value in kind.values)
        return pl.Int64() if whole else pl.String() if text else None
    if kind.name == "list" and kind.item is not None:
        item = dtype_of(kind.item)
        return None if item is None else pl.List(item)
    if kind.members is None or kind.build is not None:
        return None
    members = {member.name: dtype_of(member.kind) for member in kind.members}
    return pl.Struct({name: dtype for name, dtype in members.items() if dtype}) if all(members.values()) else None
