"""Parquet files: columns come with the types that they have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import polars as pl

from mlsm.contracts import Facts, RawPart
from mlsm.errors import InputError
from mlsm.readers.dialect import Dialect
from mlsm.readers.input_file import InputFile

__all__ = ["ParquetReader", "reader"]

# Rows are read in windows of about this size in memory, whatever the row groups: larger
# ones cost memory, smaller ones make polars walk through a large row group more often.
_WINDOW_BYTES = 16 * 2**20


class ParquetReader:
    """Read a Parquet file in windows of rows, so that memory stays flat.

    One that is compressed as a whole is unpacked to a temporary file first, since it is read from its end.

    Args:
        file: the file.
    """

    def __init__(self, file: InputFile) -> None:
        self.source = file.source
        self._met = file
        self._file = file.unpacked()

    def facts(self) -> Facts:
        """Tell the rows and the columns, from the end of the file."""
        return self._facts

    def fingerprint(self) -> str:
        """Hash the bytes of the file."""
        return self._met.fingerprint()

    def options(self) -> dict[str, str]:
        """Tell that there is nothing to choose."""
        return {"format": "parquet"}

    def parts(
        self, size: int, *, columns: Collection[str] | None = None, skip: Collection[int] = ()
    ) -> Iterator[RawPart]:
        """Yield parts of `size` rows; neither other columns nor parts to skip are read."""
        names = [name for name in self._facts.names if columns is None or name in columns]
        count = -(-self._facts.rows // size)
        number, wide = 0, 1
        while number < count:
            if number in skip:
                number += 1
                continue
            last = number + 1
            while last < min(number + wide, count) and last not in skip:
                last += 1
            window = self._window(names, number * size, (last - number) * size)
            for offset in range(0, (last - number) * size, size):
                yield self._part(number, size, window.slice(offset, size))
                number += 1
            size_in_memory = max(1, int(window.estimated_size()))
            wide = max(1, _WINDOW_BYTES * window.height // size_in_memory // size)

    def _window(self, names: Sequence[str], offset: int, length: int) -> pl.DataFrame:
        self._file.check_unchanged()
        with self._translated():
            return self._lazy().slice(offset, length).select(names).collect()

    def _part(self, number: int, size: int, frame: pl.DataFrame) -> RawPart:
        first = number * size
        last = min(first + size, self._facts.rows)
        return RawPart(
            number=number,
            source=self.source,
            stem=self._file.stem,
            rows=range(first + 1, last + 1),
            lines=None,
            columns={column.name: column for column in frame.get_columns()},
        )

    @cached_property
    def _facts(self) -> Facts:
        with self._translated():
            lazy = self._lazy()
            return Facts(rows=lazy.select(pl.len()).collect().item(), names=tuple(lazy.collect_schema()))

    def _lazy(self) -> pl.LazyFrame:
        # Neither brackets nor `year=2026` in a path mean anything here.
        return pl.scan_parquet(self._file.path, glob=False, hive_partitioning=False)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise InputError(
                f"Input {self.source!r} is damaged or no Parquet file: {str(error).splitlines()[0]}",
                hint="Fetch or write the file again.",
            ) from error


def reader(file: InputFile, dialect: Dialect) -> ParquetReader:  # noqa: ARG001 - every file kind is opened alike
    """Open a Parquet file.

    Args:
        file: the file.
        dialect: says nothing about Parquet.
    """
    return ParquetReader(file)
