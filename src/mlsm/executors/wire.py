"""What passes between processes: a few bytes on a socket, and beside them a file without a name.

A part is too large for a socket's buffer: who sends one would wait for who receives. So it
goes through memory that both see, its columns as Arrow; nothing is left of it on any disk,
however the processes end.
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

__all__ = ["Kind", "nameless", "packed", "receive", "send", "unpacked"]

_HEAD = struct.Struct("!BQ")


class Kind(IntEnum):
    """What a message is."""

    PART = 1
    READY = 2
    DONE = 3
    FAILED = 4


def packed(value: object) -> bytes:
    """Turn a value into bytes, data frames as Arrow."""
    stream = io.BytesIO()
    _Packer(stream, protocol=5).dump(value)
    return stream.getvalue()


def unpacked(content: bytes) -> Any:
    """Turn bytes into the value that they were made of."""
    return pickle.loads(content)  # noqa: S301 - it comes from our own process, by a socket without a name


def send(to: socket.socket, kind: Kind, tag: int = 0, value: object = None) -> None:
    """Send a message.

    Raises:
        OSError: the other process is gone.
    """
    with nameless() as file:
        _Packer(file, protocol=5).dump(value)
        file.flush()
        socket.send_fds(to, [_HEAD.pack(kind, tag)], [file.fileno()])


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
    kind, tag = _HEAD.unpack(head)

    def read() -> Any:
        with os.fdopen(descriptors[0], "rb") as file:
            file.seek(0)
            return pickle.load(file)  # noqa: S301 - as above

    return Kind(kind), tag, read


def nameless() -> BinaryIO:
    """Open a file in memory that has no name."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("mlsm"), "wb")
    return cast("BinaryIO", tempfile.TemporaryFile())


class _Packer(pickle.Pickler):
    """Packs a column as Arrow: quicker than its own way, and the types stay.

    A stream a column: polars writes and reads a file of Arrow through its engine for queries,
    which costs more than the bytes.
    """

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, pl.DataFrame):
            return pl.DataFrame, (value.get_columns(),)
        if isinstance(value, pl.Series):
            if value.dtype == pl.Object:
                return _objects, (value.name, value.to_list())
            stream = io.BytesIO()
            pl.DataFrame([value]).write_ipc_stream(stream)
            return _column, (pickle.PickleBuffer(stream.getbuffer()),)
        return NotImplemented


def _column(content: bytes) -> pl.Series:
    return pl.read_ipc_stream(io.BytesIO(content)).to_series()


def _objects(name: str, values: list[Any]) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Object)
