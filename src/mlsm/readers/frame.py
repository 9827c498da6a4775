"""Data frames in memory: anything that speaks the Arrow C stream."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Collection, Iterator
from typing import Any

import polars as pl

from mlsm.contracts import Facts, RawPart
from mlsm.errors import InputError, MissingExtraError

__all__ = ["FrameReader", "reader"]

# What pandas calls an index without a name when it speaks Arrow.
_UNNAMED_INDEX = r"^__index_level_\d+__$"
_HASHED_ROWS = 65_536


class FrameReader:
    """Read a data frame; columns come with the types that they have.

    Args:
        frame: the frame.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self.source = "frame"
        self._frame = frame

    def facts(self) -> Facts:
        """Tell the rows and the columns."""
        return Facts(rows=self._frame.height, names=tuple(self._frame.columns))

    def fingerprint(self) -> str:
        """Hash names, types and values, however the frame lies in memory."""
        digest = hashlib.sha256(repr(list(self._frame.schema.items())).encode())
        for rows in self._frame.iter_slices(_HASHED_ROWS):
            # polars' own hash is of the values alone; an IPC stream would show the buffers.
            for seed in (0, 1) if rows.width else ():
                digest.update(array("Q", rows.hash_rows(seed)).tobytes())
        return f"sha256:{digest.hexdigest()}"

    def options(self) -> dict[str, str]:
        """Tell that there is nothing to choose."""
        return {"format": "frame"}

    def parts(
        self, size: int, *, columns: Collection[str] | None = None, skip: Collection[int] = ()
    ) -> Iterator[RawPart]:
        """Yield slices of `size` rows; nothing is copied."""
        frame = self._frame.select(name for name in self._frame.columns if columns is None or name in columns)
        for number in range(-(-self._frame.height // size)):
            if number in skip:
                continue
            first = number * size
            last = min(first + size, self._frame.height)
            yield RawPart(
                number=number,
                source=self.source,
                stem=self.source,
                rows=range(first + 1, last + 1),
                lines=None,
                columns={column.name: column for column in frame.slice(first, size).get_columns()},
            )


class _Stream:
    """A frame of which nothing is known but that it speaks Arrow.

    Without it, polars would take a pandas frame its own way and drop a named index.
    """

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


def reader(frame: object) -> FrameReader:
    """Open a data frame of any library that speaks Arrow.

    Args:
        frame: a polars, pandas or pyarrow frame, or anything with `__arrow_c_stream__`.

    Raises:
        InputError: its library cannot hand it over, as pandas with values of mixed types.
        MissingExtraError: its library needs another one for that, as pandas needs pyarrow.
    """
    try:
        if isinstance(frame, pl.LazyFrame):
            taken = frame.collect()
        elif isinstance(frame, pl.DataFrame):
            taken = frame
        else:
            taken = pl.DataFrame(_Stream(frame)).select(pl.exclude(_UNNAMED_INDEX))
    except ImportError as error:
        raise MissingExtraError(
            f"Frame of type {type(frame).__name__!r} cannot be read without a library that hands it over: {error}",
            hint="Install pyarrow beside it, or pass a polars frame.",
        ) from error
    except (ValueError, TypeError, NotImplementedError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"Frame of type {type(frame).__name__!r} cannot be read as Arrow columns: {error}",
            hint="Give every column one type, or pass its rows as dicts.",
        ) from error
    return FrameReader(taken)
