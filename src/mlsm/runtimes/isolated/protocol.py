"""The messages between a worker and who asks it: small, versioned, framed by their lengths.

A message is a head (msgpack) and a body (bytes). The parent may pickle what it sends, since
the worker trusts it; what comes back is read as msgpack and bytes only, since nobody trusts
a model.
"""

from __future__ import annotations

import os
import select
import struct
from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["VERSION", "Closed", "Late", "receive", "send"]

VERSION = 3
"""Raised whenever a message changes its form."""

_FRAME = struct.Struct("<IQ")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
_ONE_WRITE = 64 * 1024


class Closed(Exception):  # noqa: N818 - no error, but what became of the other side
    """The other side has closed its end, as it does when it dies."""


class Late(Exception):  # noqa: N818 - as above
    """The other side has not answered in time."""


def send(fd: int, head: Any, body: bytes | memoryview = b"") -> None:
    """Write a message.

    Raises:
        Closed: nobody reads.
    """
    start = _encode(head)
    framed = _FRAME.pack(len(start), len(body)) + start
    try:
        if len(body) <= _ONE_WRITE:
            _write(fd, memoryview(framed + bytes(body)))
        else:
            _write(fd, memoryview(framed))
            _write(fd, memoryview(body))
    except OSError as error:
        raise Closed from error


def _write(fd: int, view: memoryview) -> None:
    while view:
        view = view[os.write(fd, view) :]


def receive(fd: int, wait: Callable[[], None] | None = None) -> tuple[Any, bytes]:
    """Read a message.

    Args:
        fd: the end to read from.
        wait: called before every read; it waits until there is something, or raises.

    Raises:
        Closed: the other side is gone.
        Late: as `wait` raises it.
    """
    size, length = _FRAME.unpack(_read(fd, _FRAME.size, wait))
    head = _decode(_read(fd, size, wait))
    return head, _read(fd, length, wait) if length else b""


def _read(fd: int, size: int, wait: Callable[[], None] | None) -> bytes:
    pieces: list[bytes] = []
    while size:
        if wait is not None:
            wait()
        try:
            piece = os.read(fd, min(size, 1 << 20))
        except OSError as error:
            raise Closed from error
        if not piece:
            raise Closed
        if len(piece) == size and not pieces:
            return piece
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def readable(fd: int, seconds: float) -> bool:
    """Wait until there is something to read, or the other side is gone."""
    poll = select.poll()
    poll.register(fd, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(max(0.0, seconds) * 1000))
