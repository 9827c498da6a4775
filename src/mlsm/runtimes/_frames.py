"""The kinds of frame that a function may ask for, each made of polars' own.

A column's type depends on its field alone, never on the rows at hand: pandas and numpy have
no whole number or flag that is missing, and would change the type of a column for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any, get_type_hints

from mlsm._fields import Fields
from mlsm._fields.dtypes import dtype_of
from mlsm._guard import Raised, attempt
from mlsm._model import Model
from mlsm._typing import Function
from mlsm.contracts import ROW_ID
from mlsm.errors import DeclarationError, MissingExtraError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["conversion_of"]


def conversion_of(model: Model) -> Callable[[pl.DataFrame], Any]:
    """Find out from the annotation of a function's first parameter what kind of frame it wants.

    Raises:
        DeclarationError: it wants pyarrow's, which has no type for one of the fields.
    """
    shown, fields = _annotation(model.fcn), model.inputs
    if "pandas" in shown or shown.startswith("pd."):
        return lambda frame: _to_pandas(frame, fields)
    if "pyarrow" in shown or shown.startswith("pa."):
        if untyped := [field.name for field in fields if dtype_of(field.kind) is None]:
            raise DeclarationError(
                f"Model {model.key!r} wants a pyarrow table, which has no type for {untyped}; "
                "expected scalars, lists of them or TypedDicts.",
                hint="Declare a TypedDict, or ask for a polars or pandas frame.",
            )
        return _to_arrow
    if "dict" in shown.lower() or "mapping" in shown.lower():
        return lambda frame: _to_numpy(frame, fields)
    return lambda frame: _own(frame, fields)


def _annotation(function: Function) -> str:
    """Give the first annotation as text, with the module it comes from where that is known."""
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters:
        return ""
    hints = attempt(get_type_hints, function)  # a name may be imported for type checkers only
    written = parameters[0].annotation
    annotation = written if isinstance(hints, Raised) else hints.get(parameters[0].name, written)
    if isinstance(annotation, str):
        return annotation
    return f"{getattr(annotation, '__module__', '')}.{annotation!r}"


def _own(frame: pl.DataFrame, fields: Fields) -> pl.DataFrame:
    """Give a frame that shares nothing a model could change: it may be asked about the same rows again."""
    import polars as pl

    mutable = {field.name for field in fields if field.kind.mutable}
    columns = []
    for column in frame.get_columns():
        if column.name in mutable and column.dtype == pl.Object:
            columns.append(pl.Series(column.name, deepcopy(column.to_list()), dtype=pl.Object()))
        elif column.name != ROW_ID:
            columns.append(column)
    return pl.DataFrame(columns)


def _steady(frame: pl.DataFrame, fields: Fields) -> pl.DataFrame:
    """Give whole numbers that may be missing as floats, lists and objects as Python's own."""
    import polars as pl

    frame, columns = _own(frame, fields), []
    for field in fields:
        column = frame.get_column(field.name)
        if column.dtype == pl.Int64 and field.nullable and field.default is None:
            columns.append(column.cast(pl.Float64))
        elif column.dtype.is_nested():
            columns.append(pl.Series(field.name, column.to_list(), dtype=pl.Object()))
    return frame.with_columns(columns)


def _loose_flags(fields: Fields) -> list[str]:
    return [field.name for field in fields if field.kind.name == "bool" and field.nullable and field.default is None]


def _to_pandas(frame: pl.DataFrame, fields: Fields) -> Any:
    try:
        made = _steady(frame, fields).to_pandas()
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"A model wants a pandas frame, but {error.name} is not installed.",
            hint="Install pandas and pyarrow: the extra mlsm[pandas].",
        ) from error
    loose = _loose_flags(fields)
    return made.astype(dict.fromkeys(loose, object)) if loose else made


def _to_arrow(frame: pl.DataFrame) -> Any:
    try:
        return frame.drop(ROW_ID, strict=False).to_arrow()
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "A model wants a pyarrow table, but pyarrow is not installed.",
            hint="Install pyarrow: the extra mlsm[pandas] brings it.",
        ) from error


def _to_numpy(frame: pl.DataFrame, fields: Fields) -> dict[str, Any]:
    """Give arrays of the model's own: it may write into them."""
    frame = _steady(frame, fields)
    arrays = {name: frame.get_column(name).to_numpy(writable=True) for name in frame.columns}
    return arrays | {name: arrays[name].astype(object) for name in _loose_flags(fields)}
