"""One worker process as its parent sees it: started by spawn, fed by a socket, ended for good."""

from __future__ import annotations

import mmap
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar

from mlsm.executors.wire import Kind, nameless, send

__all__ = ["Worker"]

T = TypeVar("T")

_CODE = (
    "import gc, sys; gc.disable(); sys.path[:] = {path!r}; "
    "from mlsm.executors.worker import main; main({descriptor}, {note}, {parent}, {module!r})"
)
_GRACE_SECONDS = 2.0
_NOTE_BYTES = 4


class Worker(Generic[T]):
    """A process that scores parts, in the order in which it is given them.

    Args:
        plan: what it is to open.
        entry: the function that it is to call, `module:name`.
        variables: variables of its environment, over our own.
    """

    def __init__(self, plan: object, entry: str, variables: Mapping[str, str]) -> None:
        self.queue: deque[T] = deque()
        self.ready = False
        self.socket, theirs = socket.socketpair()
        with theirs, nameless() as note:
            note.truncate(_NOTE_BYTES)
            self._note = mmap.mmap(note.fileno(), _NOTE_BYTES)
            code = _CODE.format(
                path=[*sys.path], descriptor=theirs.fileno(), note=note.fileno(), parent=os.getpid(),
                module=entry.partition(":")[0],
            )  # fmt: skip
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                [sys.executable, "-c", code],
                pass_fds=[theirs.fileno(), note.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=_talk(),  # what models print is no data of ours
                env={**os.environ, **variables},
            )
        self._sent = self.send(Kind.PART, 0, (plan, entry))

    @property
    def pid(self) -> int:
        """Give the number of the process."""
        return self._process.pid

    def fileno(self) -> int:
        """Give the descriptor on which its answers arrive."""
        return self.socket.fileno()

    def ask(self, tag: int, part: object, note: T) -> None:
        """Hand it a part; `note` stands in its queue until it has answered."""
        self.queue.append(note)
        self.send(Kind.PART, tag, part)

    def send(self, kind: Kind, tag: int, value: Any) -> bool:
        """Send a message; False where the process is gone, which the next look at it tells."""
        try:
            send(self.socket, kind, tag, value)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def let_go(self) -> None:
        """Tell it that nothing more is asked, so that it ends while this process does other things."""
        with suppress(OSError):  # it has ended
            self.socket.shutdown(socket.SHUT_WR)

    @property
    def noted(self) -> int:
        """Give the number that the process noted last of the part that it is at, 0 where it noted none."""
        return int.from_bytes(self._note[:], sys.byteorder)

    def gone(self) -> bool:
        """Tell whether the process has ended, though something of it may hold its socket open."""
        return self._process.poll() is not None

    def end(self, *, at_once: bool) -> str:
        """End the process, and tell how it ended.

        Args:
            at_once: whether it is killed rather than given the time to see that nobody asks.
        """
        self.socket.close()
        if at_once:
            self._process.kill()
        try:
            code = self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if code >= 0:
            return f"it exited with code {code}"
        known = {int(number) for number in signal.Signals}
        return f"it was killed by {signal.Signals(-code).name if -code in known else f'signal {-code}'}"


def _talk() -> int:
    try:
        os.fstat(2)
    except OSError:  # closed by whoever started us
        return subprocess.DEVNULL
    return 2
