"""One record becomes the numbers that a final estimator sees, by compiled Python."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlsm.runtimes.sklearn.columns import Column, OpaqueError
from mlsm.runtimes.sklearn.tables import Source

__all__ = ["compiled", "row_of"]

_COLUMNS_MAX = 2_000
"""More numbers a record than these are quicker made by the library."""


def compiled(parameters: str, body: Sequence[str], namespace: Mapping[str, Any]) -> Callable[..., Any]:
    """Compile a function of a record's values.

    Args:
        parameters: their names.
        body: the statements, made of numbers, names and arithmetic: no text of a file is in them.
        namespace: what they name.
    """
    source = "\n".join([f"def record({parameters}):", *(f"    {line}" for line in body)])
    scope = dict(namespace)
    exec(compile(source, "<a model as tables>", "exec"), scope)  # noqa: S102 - see `body`
    made: Callable[..., Any] = scope["record"]
    return made


def row_of(columns: Sequence[Column], sources: Sequence[Source], parameters: int) -> Callable[..., list[float]]:
    """Compile the function that turns a record into the row of numbers of the final estimator.

    It raises KeyError for a value that the library refuses.

    Args:
        columns: what the final estimator sees.
        sources: the fields, by the place of each column's feature.
        parameters: how many values a record has.

    Raises:
        OpaqueError: there are too many columns.
    """
    if len(columns) > _COLUMNS_MAX:
        raise OpaqueError(f"{len(columns)} columns are more than one record is looked up for")
    namespace: dict[str, Any] = {"nan": math.nan, "inf": math.inf}
    guards: dict[str, None] = {}
    written = []
    for number, column in enumerate(columns):
        source = sources[column.place]
        value, table = f"v{source.place}", f"t{number}"
        if column.table is not None:
            namespace[table] = column.lookup
        if column.known is not None:
            namespace[f"k{number}"] = column.known | (set() if column.missing is None else {None})
            guards[f"if {value} not in k{number}: raise KeyError({value})"] = None
        elif column.missing is None and source.field.nullable:
            guards[f"if {value} is None: raise KeyError({value})"] = None
        written.append(column.written(value, table))
    body = [*guards, f"return [{', '.join(written)}]"]
    return compiled(", ".join(f"v{place}" for place in range(parameters)), body, namespace)
