"""CSV files: every cell is text, and nothing is inferred."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import chain

import polars as pl

from mlsm.contracts import Facts, RawPart, Reject
from mlsm.errors import InputError
from mlsm.readers.csv_block import Block
from mlsm.readers.csv_format import NO_SEPARATOR, CsvFormat, find_format
from mlsm.readers.csv_lines import CsvLines
from mlsm.readers.csv_rows import read_block
from mlsm.readers.dialect import Dialect
from mlsm.readers.input_file import InputFile

__all__ = ["CsvReader", "reader"]

_FACTS_ROWS = 10_000


class CsvReader:
    """Read a CSV file as text.

    A row with too few cells, or with more cells that hold something, is broken; a blank
    line is no row. Lines are counted as an editor counts them.

    Args:
        file: the file.
        dialect: what is declared of it; the rest is found out.
    """

    def __init__(self, file: InputFile, dialect: Dialect) -> None:
        self.source = file.source
        self._file = file
        self._dialect = dialect
        self._facts: Facts | None = None

    def facts(self) -> Facts:
        """Count the rows, at once if the file was read to its end before."""
        if self._facts is None:
            with self._opened() as (lines, names):
                rows = broken = 0
                while block := read_block(lines, _FACTS_ROWS, width=len(names), form=self._form):
                    rows += len(block)
                    broken += len(block.flaws)
            self._facts = Facts(rows=rows, names=names, broken=broken)
        return self._facts

    def fingerprint(self) -> str:
        """Hash the bytes of the file."""
        return self._file.fingerprint()

    def options(self) -> dict[str, str]:
        """Tell the separator and the encoding, declared or found."""
        separator = "none" if self._form.separator == NO_SEPARATOR else self._form.separator
        return {"format": "csv", "separator": separator, "encoding": self._form.encoding}

    def parts(
        self, size: int, *, columns: Collection[str] | None = None, skip: Collection[int] = ()
    ) -> Iterator[RawPart]:
        """Yield parts of `size` rows; those to skip are read, but nothing is built of them."""
        number = rows = broken = 0
        with self._opened() as (lines, names):
            wanted = {name: place for place, name in enumerate(names) if columns is None or name in columns}
            while blocks := self._blocks(lines, size, len(names)):
                if number not in skip:
                    yield self._part(number, rows, blocks, wanted)
                number += 1
                rows += sum(map(len, blocks))
                broken += sum(len(block.flaws) for block in blocks)
        self._facts = Facts(rows=rows, names=names, broken=broken)

    def _blocks(self, lines: CsvLines, size: int, width: int) -> list[Block]:
        """Read the rows of one part; blank lines make it take more than one block."""
        blocks: list[Block] = []
        while size and (block := read_block(lines, size, width=width, form=self._form)):
            blocks.append(block)
            size -= len(block)
        return blocks

    def _part(self, number: int, before: int, blocks: Sequence[Block], wanted: Mapping[str, int]) -> RawPart:
        rows: list[int] = []
        broken: list[Reject] = []
        first = before + 1
        for block in blocks:
            rows += [first + place for place in block.places]
            broken += [
                Reject(source=self.source, row=first + flaw.place, line=flaw.line, reason=flaw.reason)
                for flaw in block.flaws
            ]
            first += len(block)
        built = [block.columns(list(wanted.values())) for block in blocks]
        return RawPart(
            number=number,
            source=self.source,
            stem=self._file.stem,
            rows=rows,
            lines=[line for block in blocks for line in block.lines],
            columns={name: pl.concat(pieces).alias(name) for name, *pieces in zip(wanted, *built, strict=True)},
            broken=tuple(broken),
        )

    @cached_property
    def _form(self) -> CsvFormat:
        return find_format(self._file, self._dialect)

    @contextmanager
    def _opened(self) -> Iterator[tuple[CsvLines, tuple[str, ...]]]:
        """Open the file for one pass, the header read."""
        form = self._form
        with self._file.reading() as stream:
            text = io.TextIOWrapper(stream, encoding=form.encoding, newline="")
            try:
                lines = CsvLines(text, self.source)
                yield lines, self._header(lines, form)
            finally:
                # Else the wrapper would close a stream that is not its own.
                text.detach()

    def _header(self, lines: CsvLines, form: CsvFormat) -> tuple[str, ...]:
        line = lines.next()
        while line is not None and not line.strip():
            line = lines.next()
        if line is None:
            raise InputError(
                f"Input {self.source!r} is empty; a line with the names of the columns was expected.",
                hint="Look whether the export went well.",
            )
        try:
            cells = next(csv.reader(chain([line], iter(lines.next, None)), delimiter=form.separator, strict=True))
        except csv.Error as error:
            raise InputError(
                f"Header of {self.source!r} cannot be read: {error}; names between separators were expected.",
                hint="Close the quotes in the first line, or declare the separator.",
            ) from error
        header = tuple(cell.strip() for cell in cells)
        self._check_header(header)
        return header

    def _check_header(self, header: Sequence[str]) -> None:
        if any("\0" in name for name in header):
            raise InputError(
                f"Header of {self.source!r} holds NUL characters; text was expected.",
                hint="If it is UTF-16, declare encoding utf-16-le or utf-16-be.",
            )
        problems = [f"column {place} has no name" for place, name in enumerate(header, start=1) if not name]
        problems += [f"{name!r} names {count} columns" for name, count in Counter(header).items() if name and count > 1]
        if problems:
            raise InputError(
                f"Header of {self.source!r} is not usable; a name of its own for every column was expected.",
                hint="Name every column once in the first line of the file.",
                problems=problems,
            )


def reader(file: InputFile, dialect: Dialect) -> CsvReader:
    """Open a CSV file.

    Args:
        file: the file.
        dialect: what is declared of it.
    """
    return CsvReader(file, dialect)
