"""Outputs that are text: parts one behind the other, compressed or not."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, cast

from mlsm.writers.columns import in_order
from mlsm.writers.place import Aside, Place, translated

if TYPE_CHECKING:
    import polars as pl

__all__ = ["TextWriter"]

# Twice as fast as zlib's own choice, for two per cent more bytes.
_LEVEL = 4


class TextWriter:
    """Write parts as text.

    Args:
        place: where they go.
        render: turns a part into bytes; told whether it is the first.
        gzipped: whether to compress them.
    """

    def __init__(self, place: Place, render: Callable[[pl.DataFrame, bool], bytes], *, gzipped: bool) -> None:
        self._place = place
        self._shown = place.shown if isinstance(place, Aside) else "-"
        self._render = render
        self._gzipped = gzipped
        self._stream: BinaryIO | None = None
        self._names: list[str] | None = None
        self._over = False

    def write(self, part: int, frame: pl.DataFrame) -> None:  # noqa: ARG002 - parts come in order
        """Append one part.

        Raises:
            InputError: it cannot be written, or has other columns than the first.
        """
        first = self._names is None
        self._names = frame.columns if self._names is None else self._names
        content = self._render(in_order(frame, self._names), first)
        with translated(self._shown):
            self._opened().write(content)

    def close(self) -> None:
        """Make the output appear.

        Raises:
            InputError: its end cannot be written.
        """
        with translated(self._shown):
            stream = self._opened()
            if self._gzipped:
                stream.close()
        self._place.publish()
        self._over = True

    def abort(self) -> None:
        """Leave nothing; nothing happens once the output was closed."""
        if self._over:
            return
        if self._gzipped and self._stream is not None:
            # Else it would write its end when it is collected; on a full disk that fails here.
            with suppress(OSError):
                self._stream.close()
        self._place.discard()

    def _opened(self) -> BinaryIO:
        if self._stream is None:
            self._stream = self._place.open()
            if self._gzipped:
                # Neither name nor time: the same results give the same bytes.
                self._stream = cast("BinaryIO", gzip.GzipFile("", "wb", _LEVEL, self._stream, mtime=0))
        return self._stream
