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

__all__ = ["Kind", "nameless", "receive", "send"]

_HEAD = struct.Struct("!BQ")


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
    """Packs a frame or a column as Arrow: quicker than its own way, and the types stay.

    As a stream: polars writes and reads a file of Arrow through its engine for queries,
    which costs more than the bytes. A frame in one stream takes two thirds of what a stream
    a column takes; Python objects have no place in Arrow, so they keep to themselves.
    """

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, pl.DataFrame):
            if pl.Object in value.dtypes or not value.width:
                return pl.DataFrame, (value.get_columns(),)
            return _frame, (_stream(value),)
        if isinstance(value, pl.Series):
            if value.dtype == pl.Object:
                return _objects, (value.name, value.to_list())
            return _column, (_stream(pl.DataFrame([value])),)
        return NotImplemented


def _stream(frame: pl.DataFrame) -> pickle.PickleBuffer:
    stream = io.BytesIO()
    frame.write_ipc_stream(stream)
    return pickle.PickleBuffer(stream.getbuffer())


def _frame(content: bytes) -> pl.DataFrame:
    return pl.read_ipc_stream(io.BytesIO(content))


def _column(content: bytes) -> pl.Series:
    return _frame(content).to_series()


def _objects(name: str, values: list[Any]) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Object)
