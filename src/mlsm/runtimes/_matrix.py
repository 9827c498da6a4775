"""What boosters share: the features of a file, and how records and frames become rows of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from mlsm._fields import Field, Fields, fields_of_mapping
from mlsm.errors import DeclarationError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["Feature", "Layout", "fields_of", "layout_of", "samples_of"]

_ANNOTATIONS: dict[str, Any] = {"number": float | None, "flag": bool | None}
_UNSEEN = "(a category never seen)"
_GRID_MAX = 48
_SAMPLES_MAX = 200
_EXTREMES = (0.0, 1e300, -1e300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One input of a booster, as its file tells of it.

    Args:
        name: what the file calls it.
        kind: a number, a number that is 0 or 1, or the code of a category.
        values: the categories in the order of their codes; empty where the file does not know
            them, and records bring the codes themselves.
    """

    name: str
    kind: Literal["number", "flag", "category"] = "number"
    values: tuple[Any, ...] = ()

    @property
    def textual(self) -> bool:
        """Tell whether its categories are text."""
        return bool(self.values) and all(isinstance(value, str) for value in self.values)


def fields_of(features: Sequence[Feature]) -> Fields:
    """Declare a nullable field for each feature: text for categories, else a number or a flag."""
    declared = {one.name: str | None if one.textual else _ANNOTATIONS.get(one.kind, float | None) for one in features}
    return fields_of_mapping(declared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a feature's number comes from: a field, by its place, and the codes of its values."""

    field: Field
    place: int
    codes: Mapping[Any, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a model's fields become the row of numbers that its booster reads."""

    fields: Fields
    sources: tuple[Source, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Give the names of the fields in the order of the features."""
        return tuple(source.field.name for source in self.sources)

    def matrix(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """Make the matrix of a frame, by columns, row after row in memory; what is missing is NaN."""
        import polars as pl

        columns = []
        for number, source in enumerate(self.sources):
            column = pl.col(source.field.name)
            if source.codes is not None:
                old, new = list(source.codes), list(source.codes.values())
                column = column.replace_strict(old, new, default=None, return_dtype=pl.Float64)
            columns.append(column.cast(pl.Float64).alias(str(number)))
        return frame.select(columns).to_numpy(order="c")

    @property
    def row(self) -> Callable[..., tuple[float, ...]]:
        """Make the function that turns one record's values into a row of numbers."""
        source = f"lambda {self.parameters}: ({''.join(f'({one}), ' for one in self.expressions)})"
        made: Callable[..., tuple[float, ...]] = eval(source, self.namespace)  # noqa: S307 - numbers and places alone
        return made

    @property
    def parameters(self) -> str:
        """Name a record's values for compiled code: `v0, v1, …`, in the order of the fields."""
        return ", ".join(f"v{place}" for place in range(len(self.fields)))

    @property
    def expressions(self) -> tuple[str, ...]:
        """Write for each feature how its number follows from the record's values."""
        return tuple(_expression(number, source) for number, source in enumerate(self.sources))

    @property
    def namespace(self) -> dict[str, Any]:
        """Give what the expressions name: `nan`, and the codes of categories."""
        tables = {f"codes{number}": source.codes for number, source in enumerate(self.sources) if source.codes}
        return {"nan": math.nan, **tables}


def layout_of(fields: Fields, features: Sequence[Feature], *, by_position: bool, key: str) -> Layout:
    """Find the field of every feature.

    Args:
        fields: what the model declares.
        features: what the booster reads, in its order.
        by_position: whether the file does not name its features; fields are then taken in order.
        key: the model's.

    Raises:
        DeclarationError: fields and features do not fit together.
    """
    names = [field.name for field in fields]
    wanted = [feature.name for feature in features]
    if by_position and len(names) != len(wanted):
        raise DeclarationError(
            f"Model {key!r} declares {len(names)} fields, but its booster reads {len(wanted)} numbers without names.",
            hint="Declare one field for each, in the order of the columns that it was fitted on.",
        )
    absent = [] if by_position else [name for name in wanted if name not in names]
    strange = [] if by_position else [name for name in names if name not in wanted]
    if absent or strange:
        raise DeclarationError(
            f"The fields of model {key!r} are not those of its booster: it lacks {absent} and has {strange} too many.",
            hint=f"Declare no fields, or exactly these: {wanted}.",
        )
    places = range(len(wanted)) if by_position else [names.index(name) for name in wanted]
    sources = tuple(
        Source(field=fields[place], place=place, codes=_codes(fields[place], feature, key))
        for place, feature in zip(places, features, strict=True)
    )
    return Layout(fields=fields, sources=sources)


def samples_of(layout: Layout, splits: Sequence[Iterable[float]]) -> list[tuple[Any, ...]]:
    """Give records at and beside the splits of trees, without values, and with categories known and not.

    Args:
        layout: the fields and features.
        splits: for each feature the numbers at which an answer may change, those beside them included.
    """
    grids: list[list[Any]] = [[None] if field.nullable else [] for field in layout.fields]
    for source, numbers in zip(layout.sources, splits, strict=True):
        grids[source.place] += _grid(source, numbers)
    rounds = max((len(grid) for grid in grids), default=0)
    middle = [grid[len(grid) // 2] for grid in grids]
    rows = [tuple(grid[turn % len(grid)] for grid in grids) for turn in range(rounds)]
    rows += [tuple(grid[(turn + 7 * place) % len(grid)] for place, grid in enumerate(grids)) for turn in range(rounds)]
    alone = (
        (*middle[:place], grid[turn], *middle[place + 1 :])
        for turn in range(rounds)
        for place, grid in enumerate(grids)
        if turn < len(grid)
    )
    return list(dict.fromkeys([*rows, *islice(alone, max(0, _SAMPLES_MAX - len(rows)))]))


def _grid(source: Source, numbers: Iterable[float]) -> list[Any]:
    kind = source.field.kind
    if kind.name == "bool":
        return [True, False]
    if kind.name == "literal":
        return list(kind.values)
    if kind.name == "str":
        return [*islice(source.codes or {}, _GRID_MAX), _UNSEEN]
    spread = _spread(sorted(set(numbers) if source.codes is None else source.codes), _GRID_MAX - len(_EXTREMES))
    if kind.name == "int":
        return list(
            dict.fromkeys(edge for number in (*spread, 0.0) for edge in (math.floor(number), math.ceil(number)))
        )
    return [float(number) for number in (*spread, *_EXTREMES)]


def _spread(numbers: list[float], limit: int) -> list[float]:
    """Take some of many, evenly, but neighbours together: three in a row stand for one split."""
    if len(numbers) <= limit:
        return numbers
    groups = limit // 3
    starts = [turn * (len(numbers) - 3) // (groups - 1) for turn in range(groups)]
    return list(dict.fromkeys(number for start in starts for number in numbers[start : start + 3]))


def _codes(field: Field, feature: Feature, key: str) -> dict[Any, float] | None:
    """Give the code of each value; None where the field's values are the numbers themselves."""
    kind = field.kind
    text = kind.name == "str" or (kind.name == "literal" and all(isinstance(value, str) for value in kind.values))
    number = kind.name in ("int", "float", "bool")
    number = number or (kind.name == "literal" and all(isinstance(value, int) for value in kind.values))
    if text and feature.textual:
        return {value: float(code) for code, value in enumerate(feature.values)}
    if number and feature.values and not feature.textual:
        return {value: float(code) for code, value in enumerate(feature.values)}
    if number:
        return None
    expected = f"text, one of {list(feature.values[:5])}" if feature.textual else "a number"
    raise DeclarationError(
        f"Field {field.name!r} of model {key!r} is declared as {kind}; its booster reads {expected}.",
        hint="Declare `str | None`."
        if feature.textual
        else "Declare `float | None`, and give categories by their codes.",
    )


def _expression(number: int, source: Source) -> str:
    value, kind = f"v{source.place}", source.field.kind.name
    if source.codes is not None:
        return f"codes{number}.get({value}, nan)"
    number_of = value if kind in ("float", "bool") else f"float({value})"  # as a column of whole numbers would be read
    return f"nan if {value} is None else {number_of}" if source.field.nullable else number_of
