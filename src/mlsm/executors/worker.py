"""The process of a worker: it opens the plan once, then answers part after part until nobody asks."""

from __future__ import annotations

import ctypes
import gc
import io
import mmap
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from mlsm._c_output import flush_c, print_c_by_line
from mlsm._guard import Raised, attempt, end_forked
from mlsm._short_of_memory import die_first
from mlsm.executors.wire import Kind, receive, send

__all__ = ["main"]

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux


def main(descriptor: int, note: int, parent: int, module: str) -> None:
    """Work for the process at the other end of a socket until it lets go of it.

    Args:
        descriptor: the socket.
        note: memory that the parent sees too, for the number of what is done next.
        parent: the process that started this one; the two end together.
        module: what is imported while the parent makes up its mind.
    """
    _end_with(parent)
    die_first()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    os.set_inheritable(descriptor, False)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what models print is talk, and told as it comes
    print_c_by_line()
    import_module(module)
    noted = memoryview(mmap.mmap(note, 0)).cast("I")
    os.close(note)
    # A model may have closed the socket, or sys.stderr: nothing may keep this process from ending.
    found = attempt(_work, socket.socket(fileno=descriptor), noted)
    if isinstance(found, Raised):
        attempt(sys.stderr.write, found.trace())
    flush_c()
    attempt(sys.stderr.flush)
    os._exit(isinstance(found, Raised))  # what threads of models still do matters to nobody


def _end_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before this was asked for
        os._exit(0)


def _work(parent: socket.socket, noted: memoryview) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        _answer(parent, noted)


def _answer(parent: socket.socket, noted: memoryview) -> None:
    process = os.getpid()

    def note(number: int) -> None:
        noted[0] = number

    asked = receive(parent)
    if asked is None:
        return
    opened = attempt(_opened, asked[2], note)
    if isinstance(opened, Raised):
        send(parent, Kind.FAILED, 0, _told(opened))
        return
    plan, function = opened
    send(parent, Kind.READY)
    # As in the parent: a part's results live as long as the part, and walking them again and again finds nothing.
    gc.freeze()
    gc.disable()
    while (asked := receive(parent)) is not None:
        _, tag, read = asked
        note(0)
        answer = attempt(_answered, function, plan, read)
        end_forked(process)
        if isinstance(answer, Raised):
            send(parent, Kind.FAILED, tag, _told(answer))
        else:
            send(parent, Kind.DONE, tag, answer)
        del answer, read
        gc.collect(0)


def _opened(read: Any, note: Callable[[int], None]) -> tuple[Any, Any]:
    plan, entry = read()
    module, _, name = entry.partition(":")
    return plan.open(note), getattr(import_module(module), name)


def _answered(function: Any, plan: Any, read: Any) -> Any:
    return function(plan, read())


def _told(raised: Raised) -> tuple[BaseException | None, str]:
    """Give what was raised, where it can travel, and its text in any case."""
    import pickle

    travels = attempt(lambda: pickle.loads(pickle.dumps(raised.error)))  # noqa: S301 - our own bytes
    return (None if isinstance(travels, Raised) else raised.error), raised.trace()
