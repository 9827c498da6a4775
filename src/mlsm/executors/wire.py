"""What passes between processes: a few bytes on a socket, and beside them a file without a name.

A part is too large for a socket's buffer: who sends one would wait for who receives. So it
goes through memory that both see: first its frames as Arrow, one behind the other, then all
else, which names them by where they begin. Nothing is left of it on any disk, however the
processes end.
"""

from __future__ import annotations

import io
import os
import pickle
import socket
import struct
import tempfile
from collections.abc import Callable
from enum import IntEnum
from typing import Any, BinaryIO, cast

import polars as pl

__all__ = ["Kind", "nameless", "receive", "send"]

_HEAD = struct.Struct("!BQQ")


class Kind(IntEnum):
    """What a message is."""

    PART = 1
    READY = 2
    DONE = 3
    FAILED = 4


def send(to: socket.socket, kind: Kind, tag: int = 0, value: object = None) -> None:
    """Send a message.

    Raises:
        OSError: the other process is gone.
    """
    with nameless() as file:
        rest = io.BytesIO()
        _Packer(file, rest).dump(value)
        start = file.tell()
        file.write(rest.getbuffer())
        file.flush()
        socket.send_fds(to, [_HEAD.pack(kind, tag, start)], [file.fileno()])


def receive(from_: socket.socket) -> tuple[Kind, int, Callable[[], Any]] | None:
    """Wait for a message: its kind, its tag, and what reads its value once; None where the other process is gone."""
    try:
        head, descriptors, _, _ = socket.recv_fds(from_, _HEAD.size, 1)
    except ConnectionError:
        return None
    if len(head) < _HEAD.size or not descriptors:
        for descriptor in descriptors:
            os.close(descriptor)
        return None
    kind, tag, start = _HEAD.unpack(head)

    def read() -> Any:
        with os.fdopen(descriptors[0], "rb", buffering=0) as file:
            file.seek(start)
            rest = io.BytesIO(file.read())
            return _Unpacker(file, rest).load()

    return Kind(kind), tag, read


def nameless() -> BinaryIO:
    """Open a file in memory that has no name."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("mlsm"), "wb")
    return cast("BinaryIO", tempfile.TemporaryFile())


class _Packer(pickle.Pickler):
    """Packs a frame or a column as Arrow: quicker than its own way, and the types stay.

    As a stream: polars writes and reads a file of Arrow through its engine for queries,
    which costs more than the bytes. A frame in one stream takes two thirds of what a stream
    a column takes; Python objects have no place in Arrow, so they keep to themselves.

    Args:
        file: where frames go.
        rest: where all else goes.
    """

    def __init__(self, file: BinaryIO, rest: io.BytesIO) -> None:
        super().__init__(rest, protocol=5)
        self._file = file

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, pl.DataFrame):
            if pl.Object in value.dtypes or not value.width:
                return pl.DataFrame, (value.get_columns(),)
            return _frame, (self._written(value),)
        if isinstance(value, pl.Series):
            if value.dtype == pl.Object:
                return _objects, (value.name, value.to_list())
            return _column, (self._written(pl.DataFrame([value])),)
        return NotImplemented

    def _written(self, frame: pl.DataFrame) -> int:
        start = self._file.tell()
        frame.write_ipc_stream(self._file)
        return start


class _Unpacker(pickle.Unpickler):
    """Reads what was packed so.

    Args:
        file: where frames are.
        rest: where all else is.
    """

    def __init__(self, file: Any, rest: io.BytesIO) -> None:
        super().__init__(rest)
        self._file = file

    def find_class(self, module: str, name: str) -> Any:
        if module == __name__ and name in ("_frame", "_column"):
            return getattr(self, name)
        return super().find_class(module, name)

    def _frame(self, start: int) -> pl.DataFrame:
        self._file.seek(start)
        return pl.read_ipc_stream(self._file)

    def _column(self, start: int) -> pl.Series:
        return self._frame(start).to_series()


def _frame(start: int) -> pl.DataFrame:
    raise AssertionError(start)  # a name for what the file's reader does


def _column(start: int) -> pl.Series:
    raise AssertionError(start)  # as above


def _objects(name: str, values: list[Any]) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Object)
