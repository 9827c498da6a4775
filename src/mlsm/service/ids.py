"""Ids of a whole input: read once before anything is scored, duplicates found in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from mlsm._fields.kinds import BLANKS
from mlsm._ids import ID_BYTES_MAX, read_id
from mlsm.contracts import Column, RawPart

__all__ = ["Duplicates", "IdsSeen", "find_duplicates", "read_ids"]

HASHES_MAX = 8_000_000
"""Hashes held at a time (8 bytes each); longer inputs are gone through several times."""

_WHOLE = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)

Duplicates = dict[int, dict[int, str]]
"""By part and row within it: where the id came first, in words."""


def read_ids(part: RawPart, id_column: str | None, *, trusted: bool = False) -> tuple[pl.Series, dict[int, str]]:
    """Read the ids of a part.

    Args:
        part: the rows.
        id_column: the column of ids, None for `<stem>:<row>`.
        trusted: whether an earlier pass found no fault with the ids of this part.

    Returns:
        The ids as text, null where there is none, and why, by row.
    """
    if id_column is None:
        rows = pl.Series(list(part.rows), dtype=pl.UInt64).cast(pl.String)
        return pl.select(pl.lit(f"{part.stem}:") + rows).to_series(), {}
    column = part.columns.get(id_column)
    if column is None:
        return pl.repeat(None, len(part), dtype=pl.String, eager=True), dict.fromkeys(
            range(len(part)), "There is no id."
        )
    if isinstance(column, pl.Series):
        if column.dtype in _WHOLE:
            column = column.cast(pl.String)
        if isinstance(column.dtype, (pl.Categorical, pl.Enum)):
            column = column.cast(pl.String)
        if column.dtype == pl.String:
            return (column, {}) if trusted else _read_text(column)
    return _read_each(column, trusted=trusted)


def _read_text(column: pl.Series) -> tuple[pl.Series, dict[int, str]]:
    frame, text = column.alias("id").to_frame(), pl.col("id")
    usable = (text.str.len_bytes() <= ID_BYTES_MAX) & ~text.str.contains("\x00", literal=True)
    visible = text.is_between(pl.lit("!"), pl.lit("~"))  # what begins so is not blank: quicker than stripping
    if not column.null_count() and frame.select((usable & visible).all()).item():
        return column, {}
    usable &= text.str.strip_chars(BLANKS) != ""
    good = frame.select(usable.fill_null(value=False)).to_series()
    if good.all():
        return column, {}
    rows = (~good).arg_true().to_list()
    wrong = {row: read_id(column[row])[1] or "" for row in rows}
    return column.zip_with(good, pl.repeat(None, len(column), dtype=pl.String, eager=True)), wrong


def _read_each(column: Column, *, trusted: bool) -> tuple[pl.Series, dict[int, str]]:
    if isinstance(column, list) and list(map(type, column)).count(str) == len(column):
        if trusted:
            return pl.Series(column, dtype=pl.String), {}
        if "".join(column).isascii():  # others may hold what no column of text can
            return _read_text(pl.Series(column, dtype=pl.String))
    read = [read_id(value) for value in column]
    ids = pl.Series([text for text, _ in read], dtype=pl.String)
    return ids, {row: why for row, (_, why) in enumerate(read) if why is not None}


@dataclass(slots=True)
class IdsSeen:
    """What a pass over the ids found.

    Args:
        duplicates: the rows whose id came earlier.
        sound: the numbers of the parts in which every row has a usable id.
        usable: how many rows have a usable id that did not come earlier.
    """

    duplicates: Duplicates = field(default_factory=dict)
    sound: set[int] = field(default_factory=set)
    usable: int = 0


@dataclass(slots=True)
class _Place:
    """Where an id was met first."""

    source: str
    row: int
    line: int | None

    def __str__(self) -> str:
        return f"row {self.row}" if self.line is None else f"line {self.line}"


def find_duplicates(
    parts: Callable[[], Iterator[tuple[int, RawPart]]],
    id_column: str,
    on_rows: Callable[[int], Any],
    *,
    hashes_max: int = HASHES_MAX,
) -> IdsSeen:
    """Find every row whose id came earlier in the inputs.

    Hashes of all ids tell which may be twice; only those are looked at as text. Where
    there are more than 8 million rows, a pass holds the hashes of one residue class and
    the inputs are gone through once for each.

    Args:
        parts: opens the parts anew, numbered over all inputs.
        id_column: the column of ids.
        on_rows: told of rows gone through, in the first pass.
        hashes_max: hashes held at a time.
    """
    seen = IdsSeen()
    suspects, classes = _suspects(parts, id_column, 0, 1, on_rows, seen, hashes_max)
    for residue in range(1, classes):
        suspects.append(_suspects(parts, id_column, residue, classes, lambda _: None, seen, hashes_max)[0])
    if len(suspects):
        seen.duplicates = _compared(parts, id_column, suspects)
        seen.usable -= sum(map(len, seen.duplicates.values()))
    return seen


def _suspects(
    parts: Callable[[], Iterator[tuple[int, RawPart]]],
    id_column: str,
    residue: int,
    classes: int,
    on_rows: Callable[[int], Any],
    seen: IdsSeen,
    hashes_max: int,
) -> tuple[pl.Series, int]:
    """Give the hashes of one residue class that occur twice, and how many classes it took."""
    held: list[pl.Series] = []
    for number, part in parts():
        ids, wrong = read_ids(part, id_column)
        if not wrong:
            seen.sound.add(number)
        if residue == 0:
            seen.usable += len(ids) - ids.null_count()
        hashes = ids.drop_nulls().hash()
        held.append(hashes if classes == 1 else hashes.filter(hashes % classes == residue))
        while residue == 0 and sum(map(len, held)) > hashes_max:
            classes *= 2
            held = [hashes.filter(hashes % classes == 0) for hashes in held]
        on_rows(len(part))
    every = pl.concat(held, rechunk=True).sort() if held else pl.Series(dtype=pl.UInt64)
    return every.filter(every == every.shift()).unique(), classes  # sorting needs a third of the memory of hashing


def _compared(parts: Callable[[], Iterator[tuple[int, RawPart]]], id_column: str, suspects: pl.Series) -> Duplicates:
    first: dict[str, _Place] = {}
    found: Duplicates = {}
    for number, part in parts():
        ids, _ = read_ids(part, id_column)
        for row in (ids.hash().is_in(suspects.implode()) & ids.is_not_null()).arg_true().to_list():
            text = ids[row]
            if text in first:
                place = first[text]
                where = str(place) if place.source == part.source else f"{place} of {place.source!r}"
                found.setdefault(number, {})[row] = f"The id came earlier, in {where}."
            else:
                line = None if part.lines is None else part.lines[row]
                first[text] = _Place(part.source, part.rows[row], line)
    return found
