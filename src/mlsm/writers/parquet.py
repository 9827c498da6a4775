"""One Parquet file, written while parts come in, in flat memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from mlsm.writers.columns import in_order
from mlsm.writers.parquet_stream import ParquetStream
from mlsm.writers.place import Aside, translated, unwritable

__all__ = ["ParquetWriter", "polars_errors", "writer"]

# How polars words an error of the system that it wraps into one of its own.
_SYSTEM_CODE = re.compile(r"\(os error (\d+)\)")


class ParquetWriter:
    """Write parts into one Parquet file.

    The types are those of the first part. Where a later part's do not fit, it begins a file
    of its own, and closing puts all together under types that hold both.

    Args:
        aside: where the file goes.
    """

    def __init__(self, aside: Aside) -> None:
        self._final = Path(aside.shown)
        self._shown = aside.shown
        self._asides = [aside]
        self._stream: ParquetStream | None = None
        self._over = False

    def write(self, part: int, frame: pl.DataFrame) -> None:  # noqa: ARG002 - parts come in order
        """Append one part.

        Raises:
            InputError: it, or one before it, cannot be written.
        """
        with polars_errors(self._shown):
            if self._stream is None:
                self._begin(frame.schema)
            elif (fitting := _fitted(frame, self._stream.schema)) is not None:
                frame = fitting
            else:
                self._stream.finish()
                frame = in_order(frame, self._stream.schema.names())
                self._asides.append(Aside(self._final, tag=f".{len(self._asides)}"))
                self._begin(frame.schema)
            if self._stream is not None:
                self._stream.write(frame)

    def close(self) -> None:
        """Make the file appear.

        Raises:
            InputError: its end cannot be written, or the types of the parts cannot be held together.
        """
        if self._stream is None:
            self.write(0, pl.DataFrame())
        with polars_errors(self._shown):
            if self._stream is not None:
                self._stream.finish()
            if len(self._asides) > 1:
                self._put_together()
        self._asides[-1].publish()
        self._over = True
        self._discard()

    def abort(self) -> None:
        """Leave nothing; nothing happens once the file was closed."""
        if not self._over:
            if self._stream is not None:
                self._stream.cancel()
            self._discard()

    def _begin(self, schema: pl.Schema) -> None:
        aside = self._asides[-1]
        aside.open()
        self._stream = ParquetStream(aside.path, schema)

    def _put_together(self) -> None:
        pieces = [pl.scan_parquet(aside.path, glob=False) for aside in self._asides]
        self._asides.append(Aside(self._final, tag=".whole"))
        self._asides[-1].open()
        pl.concat(pieces, how="vertical_relaxed").sink_parquet(self._asides[-1].path)

    def _discard(self) -> None:
        for aside in self._asides:
            aside.discard()


def _fitted(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame | None:
    """Give a part the types of the first, None where a value could change on the way."""
    if frame.schema == schema:
        return frame
    frame = in_order(frame, schema.names())
    casts = []
    for (name, dtype), wanted in zip(frame.schema.items(), schema.dtypes(), strict=True):
        if dtype == wanted:
            continue
        if dtype != pl.Null and not (wanted == pl.String and (dtype.is_numeric() or dtype == pl.Boolean)):
            return None
        casts.append(pl.col(name).cast(wanted))
    return frame.with_columns(casts)


@contextmanager
def polars_errors(shown: str) -> Iterator[None]:
    """Turn the errors of writing by polars into an `InputError`.

    Args:
        shown: the output as people call it.
    """
    try:
        with translated(shown):
            yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        why = str(error).splitlines()[0]
        code = _SYSTEM_CODE.search(why)
        raise unwritable(shown, why, int(code[1]) if code else None) from error


def writer(aside: Aside) -> ParquetWriter:
    """Open a Parquet file.

    Args:
        aside: where it goes.
    """
    return ParquetWriter(aside)
