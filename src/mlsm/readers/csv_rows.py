"""Rows out of the lines of a CSV file, with their numbers, however broken some are.

Three ways lead to the same rows. Lines without a quote are split at the separator; lines
with quotes go through the `csv` module in one go, if every line turns out to be one whole
row; whatever else there is (rows over several lines, blank lines, broken rows) is read row
by row. There, a row that spans several lines and is broken costs its first line only:
reading goes on at the second, so that a quote that nobody closed swallows nothing.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter

import polars as pl

from mlsm.readers.csv_format import CsvFormat

__all__ = ["Block", "CsvLines", "Flaw", "read_block"]


@dataclass(slots=True)
class CsvLines:
    """The lines of a text, with their numbers, which can be put back."""

    text: io.TextIOWrapper
    line: int = 1
    _put_back: deque[str] = field(default_factory=deque)

    def next(self) -> str | None:
        """Give the next line, None at the end."""
        line = self._put_back.popleft() if self._put_back else self.text.readline()
        if not line:
            return None
        self.line += 1
        return line

    def take(self, count: int) -> list[str]:
        """Give the next lines, fewer only at the end."""
        lines = [self._put_back.popleft() for _ in range(min(count, len(self._put_back)))]
        lines += islice(self.text, count - len(lines))
        self.line += len(lines)
        return lines

    def put_back(self, lines: Sequence[str]) -> None:
        """Make lines that were taken last the next ones again."""
        self._put_back.extendleft(reversed(lines))
        self.line -= len(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A broken row: its place among the rows of its block, its line, and what is wrong."""

    place: int
    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some rows in order, the sound ones to be had as columns.

    Args:
        places: for each sound row its place among all rows of the block, from 0.
        lines: for each sound row the line that it begins on.
        rows: the sound rows, as cells or, where `split_at` is given, as whole lines.
        split_at: the separator of rows that are whole lines.
        width: the number of cells a row.
        flaws: the broken rows.
    """

    places: Sequence[int]
    lines: Sequence[int]
    rows: Sequence[str] | Sequence[Sequence[str]]
    width: int
    split_at: str | None = None
    flaws: tuple[Flaw, ...] = ()

    def __len__(self) -> int:
        return len(self.places) + len(self.flaws)

    def columns(self, wanted: Sequence[int]) -> list[pl.Series]:
        """Build columns of text, given by their positions."""
        if self.split_at is not None:
            lines = pl.Series(self.rows, dtype=pl.String).str.strip_chars_end("\r\n")
            cells = lines.str.split_exact(self.split_at, self.width - 1).struct
            return [cells.field(cells.fields[position]) for position in wanted]
        if len(wanted) * 2 < self.width:
            return [pl.Series(list(map(itemgetter(position), self.rows)), dtype=pl.String) for position in wanted]
        columns = list(zip(*self.rows, strict=True)) or [()] * self.width
        return [pl.Series(columns[position], dtype=pl.String) for position in wanted]


def read_block(lines: CsvLines, count: int, *, width: int, form: CsvFormat) -> Block:
    """Read up to `count` rows, broken ones counted; an empty block means the end."""
    first = lines.line
    taken = lines.take(count)
    if not form.holds_nul and taken and max(map(len, taken)) <= csv.field_size_limit():
        places, numbers = range(len(taken)), range(first, first + len(taken))
        if _is_plain(taken, width, form.separator):
            return Block(places=places, lines=numbers, rows=taken, width=width, split_at=form.separator)
        rows = _one_row_a_line(taken, form.separator)
        if rows is not None and set(map(len, rows)) == {width}:
            return Block(places=places, lines=numbers, rows=rows, width=width)
    lines.put_back(taken)
    return _read_carefully(lines, count, width, form)


def _is_plain(lines: Sequence[str], width: int, separator: str) -> bool:
    """Tell whether each line is one sound row whose cells lie between separators."""
    if width == 1 or '"' in "".join(lines):
        return False
    return {line.count(separator) for line in lines} == {width - 1}


def _one_row_a_line(lines: Sequence[str], separator: str) -> list[list[str]] | None:
    """Read lines of which each is one row, None where one is not."""
    try:
        # An empty line behind the last shows a quote that is still open there.
        rows = list(csv.reader([*lines, "\n"], delimiter=separator))
    except csv.Error:
        return None
    return rows[:-1] if len(rows) == len(lines) + 1 else None


@dataclass(slots=True)
class _Cursor:
    """Hands lines to a `csv.reader` one by one and remembers those of the current row."""

    lines: CsvLines
    row: list[str] = field(default_factory=list)
    starved: bool = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.lines.next()
        if line is None:
            self.starved = True
            raise StopIteration
        self.row.append(line)
        return line


def _read_carefully(lines: CsvLines, count: int, width: int, form: CsvFormat) -> Block:
    rows: list[Sequence[str]] = []
    places: list[int] = []
    numbers: list[int] = []
    flaws: list[Flaw] = []
    cursor = _Cursor(lines)
    reader = csv.reader(cursor, delimiter=form.separator)
    while len(rows) + len(flaws) < count:
        cursor.row.clear()
        start = lines.line
        try:
            row = next(reader, None)
            reason = None if row is None else _flaw(row, cursor, width, form)
        except csv.Error as error:
            row, reason = [], _unreadable(error)
        if row is None:
            break
        if reason is not None:
            flaws.append(Flaw(place=len(rows) + len(flaws), line=start, reason=reason))
            lines.put_back(cursor.row[1:])
            cursor = _Cursor(lines)
            reader = csv.reader(cursor, delimiter=form.separator)
        elif not _is_blank(row):
            places.append(len(rows) + len(flaws))
            numbers.append(start)
            rows.append(row if len(row) == width else row[:width])
    return Block(places=places, lines=numbers, rows=rows, width=width, flaws=tuple(flaws))


def _is_blank(row: Sequence[str]) -> bool:
    # A lone quoted empty cell is no blank line: it comes as one cell without a space in it.
    return not row or (len(row) == 1 and row[0].isspace())


def _flaw(row: Sequence[str], cursor: _Cursor, width: int, form: CsvFormat) -> str | None:
    """Tell what is wrong with a row, None where nothing is."""
    if cursor.starved:
        return "A quote is opened in this row and never closed."
    if _is_blank(row):
        return None
    if len(cursor.row) > 1 and not _closes_its_quotes(cursor.row, form.separator):
        return "A quote in this row is neither closed nor doubled."
    if len(row) < width or any(row[width:]):
        return f"The row has {len(row)} cells, expected {width}."
    if form.holds_nul and any("\0" in cell for cell in row):
        return "The row holds a NUL character."
    return None


def _closes_its_quotes(lines: Sequence[str], separator: str) -> bool:
    """Tell whether a row over several lines is well formed; else it swallowed its neighbours."""
    try:
        return len(list(csv.reader(lines, delimiter=separator, strict=True))) == 1
    except csv.Error:
        return False


def _unreadable(error: csv.Error) -> str:
    if "field limit" in str(error):
        return f"A cell is longer than {csv.field_size_limit()} characters; perhaps a quote is not closed."
    return f"The row is no CSV: {error}."
