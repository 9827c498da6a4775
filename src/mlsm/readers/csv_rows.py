"""Rows out of the lines of a CSV file, with their numbers, however broken some are.

Three ways lead to the same rows. Lines without a quote are split at the separator; lines
with quotes go through the `csv` module at once; where one of their rows over several lines
is broken, they are read row by row. There, such a row costs its first line only: reading
goes on at the second, so that a quote that nobody closed swallows nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mlsm.readers.csv_block import Block, Rows
from mlsm.readers.csv_format import CsvFormat
from mlsm.readers.csv_lines import CsvLines

__all__ = ["read_block"]


# A row over more lines than this has a quote that is not closed.
_ROW_LINES_MAX = 5_000
# Lines with quotes are read in pieces of this many, so that a row that has to be looked at
# closely slows only its neighbours down.
_QUOTED_LINES = 2_000


def read_block(lines: CsvLines, count: int, *, width: int, form: CsvFormat) -> Block:
    """Read up to `count` rows, broken ones counted; an empty block means the end.

    Args:
        lines: the lines behind the header.
        count: how many rows are wanted at most.
        width: the number of cells a row.
        form: how the file is read.
    """
    block = Block(places=(), lines=(), rows=(), width=width)
    # Blank lines alone are no block, but not the end either.
    while not block and (taken := lines.take(count)):
        block = _read_taken(lines, taken, count, width, form)
    return block


def _read_taken(lines: CsvLines, taken: list[str], count: int, width: int, form: CsvFormat) -> Block:
    simple = not form.holds_nul and max(map(len, taken)) <= csv.field_size_limit()
    if simple and _is_plain(taken, width, form.separator):
        numbers = range(lines.line - len(taken), lines.line)
        return Block(places=range(len(taken)), lines=numbers, rows=taken, width=width, split_at=form.separator)
    lines.put_back(taken[_QUOTED_LINES:])
    del taken[_QUOTED_LINES:]
    block = _read_at_once(lines, taken, width, form.separator) if simple else None
    if block is not None:
        return block
    lines.put_back(taken)
    return _read_carefully(lines, min(count, _QUOTED_LINES), width, form)


def _is_plain(lines: Sequence[str], width: int, separator: str) -> bool:
    """Tell whether each line is one sound row whose cells lie between separators."""
    if width == 1 or '"' in "".join(lines):
        return False
    return {line.count(separator) for line in lines} == {width - 1}


def _read_at_once(lines: CsvLines, taken: list[str], width: int, separator: str) -> Block | None:
    """Read the rows of some lines, None if one has to be looked at more closely.

    A row that goes on behind these lines is put back.
    """
    rows, ends = [], [0]
    # An empty line behind the last shows a quote that is still open there.
    reader = csv.reader([*taken, "\n"], delimiter=separator)
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
    except csv.Error:
        return None
    whole = not rows.pop()
    first = lines.line - len(taken)
    if whole and len(rows) == len(taken) and set(map(len, rows)) == {width}:
        return Block(places=range(len(rows)), lines=range(first, lines.line), rows=rows, width=width)
    if not rows:
        return None
    sorted_out = Rows(width=width)
    for row, start, end in zip(rows, ends, ends[1:], strict=False):
        if end - start > 1 and (len(row) != width or not _closes_its_quotes(taken[start:end], separator)):
            return None
        sorted_out.add(row, first + start)
    lines.put_back(taken[ends[len(rows)] :])
    return sorted_out.block()


@dataclass(slots=True)
class _Cursor:
    """Hands lines to a `csv.reader` one by one and remembers those of the current row."""

    lines: CsvLines
    row: list[str] = field(default_factory=list)
    starved: bool = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.lines.next() if len(self.row) < _ROW_LINES_MAX else None
        if line is None:
            self.starved = True
            raise StopIteration
        self.row.append(line)
        return line


def _read_carefully(lines: CsvLines, count: int, width: int, form: CsvFormat) -> Block:
    rows = Rows(width=width)
    cursor = _Cursor(lines)
    reader = csv.reader(cursor, delimiter=form.separator)
    while len(rows) < count:
        cursor.row.clear()
        start = lines.line
        try:
            row = next(reader, None)
            reason = None if row is None else _flaw(row, cursor, form)
        except csv.Error as error:
            row, reason = [], _unreadable(error)
        if row is None:
            break
        before = len(rows.flaws)
        rows.add(row, start, reason)
        if len(rows.flaws) > before:
            lines.read_again(cursor.row[1:])
            cursor = _Cursor(lines)
            reader = csv.reader(cursor, delimiter=form.separator)
    return rows.block()


def _flaw(row: Sequence[str], cursor: _Cursor, form: CsvFormat) -> str | None:
    """Tell what is wrong with a row besides the number of its cells, None where nothing is."""
    if cursor.starved:
        return "A quote is opened in this row and never closed."
    if len(cursor.row) > 1 and not _closes_its_quotes(cursor.row, form.separator):
        return "A quote in this row is neither closed nor doubled."
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
