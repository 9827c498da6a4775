"""The worker: it builds models from what it is told, and answers for them until nobody asks.

This module, and what it imports, runs in other environments too: it needs Python and msgspec.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import mmap
import os
import pickle
import sys
from typing import Any

from mlsm._c_output import flush_c, print_c_by_line
from mlsm._short_of_memory import die_first
from mlsm.runtimes.isolated import protocol
from mlsm.runtimes.isolated.keeper import keep

__all__ = ["Channel", "main"]


class Channel:
    """What a model's handler writes to: replies, and the row that it is at.

    Args:
        reply: where replies go.
        cell: shared with the parent: a row, counted from 1, and the number of a phase.
    """

    def __init__(self, reply: int, cell: memoryview) -> None:
        self._reply = reply
        self._process = os.getpid()
        self.cell = cell

    def tell(self, head: Any, body: bytes | memoryview = b"") -> None:
        """Send a reply; a child that the model forked and let return has none to send."""
        if os.getpid() != self._process:
            os._exit(0)
        protocol.send(self._reply, head, body)


def main(arguments: list[str]) -> None:
    """Serve models; called in a fresh interpreter with the ends of pipes and the limits."""
    request, reply, cell, lifeline, status, printed, output, memory = map(int, arguments[:8])
    name = arguments[8]
    keep(
        name=name, lifeline=lifeline, status=status, printed=printed, output=output,
        memory=memory or None, others=(request, reply, cell),
    )  # fmt: skip
    die_first()
    for fd in (lifeline, status, printed):
        os.close(fd)
    _point_streams(output)
    print_c_by_line()
    for fd in (request, reply, cell):
        os.set_inheritable(fd, False)
    shared = memoryview(mmap.mmap(cell, mmap.PAGESIZE)).cast("Q")
    with contextlib.suppress(protocol.Closed):
        _serve(request, Channel(reply, shared))
    flush_c()
    os._exit(0)  # threads that the model started are not waited for


def _point_streams(output: int) -> None:
    """Let what the model prints go to the keeper, and let it read nothing."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.close(nothing)
    for fd, name in ((1, "stdout"), (2, "stderr")):
        stream = os.fdopen(fd, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _serve(request: int, channel: Channel) -> None:
    head, body = protocol.receive(request)
    if head["protocol"] != protocol.VERSION:
        told = f"The worker speaks protocol {protocol.VERSION}; expected {head['protocol']}."
        channel.tell({"refused": told, "protocol": protocol.VERSION})
        return
    gc.disable()  # what libraries make while they are imported stays: to walk it again and again is a tenth of the time
    module, _, name = head["entry"].partition(":")
    make = getattr(importlib.import_module(module), name)
    handlers = [make(specification, channel) for specification in pickle.loads(body)]  # noqa: S301 - from the parent
    gc.freeze()
    gc.enable()
    while True:
        head, body = protocol.receive(request)
        place, what, *rest = head
        getattr(handlers[place], f"on_{what}")(*rest, body)
