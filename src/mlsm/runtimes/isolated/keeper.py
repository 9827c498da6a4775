"""The keeper of a worker: a process between us and it, which runs no stranger's code.

It forks the worker before anything of the model is loaded, and then waits: for the worker's
death, for ours (the lifeline is closed, also by SIGKILL), for more memory than is allowed,
for what the model prints. In the end it kills the worker and all that came of it, those that
made sessions of their own too, since it adopts the orphans, and reports how the worker died.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
from collections.abc import Iterator

__all__ = ["keep"]

_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36
_SAMPLE_SECONDS = 0.02
_LINE_MAX = 2_000
_TOLD_MAX = 1 << 20
"""Bytes of talk that a worker's life may add to stderr; what goes beyond is counted only."""
_MEMORY = 1 << 16
"""Added to the status of a worker that was ended for its memory."""


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def keep(
    *, name: str, lifeline: int, status: int, printed: int, output: int, memory: int | None, others: tuple[int, ...]
) -> None:
    """Fork; return in the worker, never in the keeper.

    Args:
        name: the model's, put before each line that it prints.
        lifeline: read end of a pipe that we hold open as long as the worker is wanted.
        status: where the keeper writes how the worker died, eight bytes.
        printed: read end of what the worker prints.
        output: its write end.
        memory: the most resident bytes.
        others: what only the worker needs.
    """
    _prctl(_SET_CHILD_SUBREAPER, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    keeper = os.getpid()
    worker = os.fork()
    if worker == 0:
        _prctl(_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper:
            os._exit(1)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        return
    # Nobody else's end may stay open here, or its closing would not be seen.
    for fd in others:
        os.close(fd)
    os.close(output)
    try:
        code = _Watch(name, worker, lifeline, printed, memory).until_the_end()
        os.write(status, code.to_bytes(8, "little", signed=True))
    finally:
        _end_all()
        os._exit(0)


class _Watch:
    """Waits for the worker's end, and passes on what it prints."""

    def __init__(self, name: str, worker: int, lifeline: int, output: int, memory: int | None) -> None:
        self._prefix = f"[{name}] ".encode(errors="backslashreplace")
        self._worker = worker
        self._lifeline = lifeline
        self._output = output
        self._memory = memory
        self._line = b""
        self._told = 0

    def until_the_end(self) -> int:
        """Give the wait status of the worker, with a mark where it was ended for its memory."""
        pidfd = os.pidfd_open(self._worker) if hasattr(os, "pidfd_open") else -1
        watched = [fd for fd in (self._lifeline, self._output, pidfd) if fd >= 0]
        pause = _SAMPLE_SECONDS if self._memory or pidfd < 0 else None
        while True:
            ready, _, _ = select.select(watched, [], [], pause)
            if self._output in ready and not self._pass_on():
                watched.remove(self._output)
            gone, status = os.waitpid(self._worker, os.WNOHANG)
            if gone:
                while self._output in watched and select.select([self._output], [], [], 0)[0] and self._pass_on():
                    pass
                return status
            if self._lifeline in ready:
                return 0
            if self._memory and _resident() > self._memory:
                return _MEMORY

    def _pass_on(self) -> bool:
        """Write whole lines to stderr with the model's name; False where nobody will print again."""
        read = os.read(self._output, 1 << 16)
        if self._told > _TOLD_MAX:
            return bool(read)
        *lines, self._line = (self._line + read).split(b"\n")
        if self._line and (not read or len(self._line) > _LINE_MAX):
            lines.append(self._line)
            self._line = b""
        for line in lines:
            self._tell(line[:_LINE_MAX])
            if self._told > _TOLD_MAX:
                self._tell(b"(it prints on, which is left out)")
                break
        return bool(read)

    def _tell(self, line: bytes) -> None:
        text = self._prefix + line + b"\n"
        self._told += len(text)
        try:
            # A reader that stands still must not keep us from watching: a line fits where select finds room.
            if select.select([], [2], [], 0.2)[1]:
                os.write(2, text)
        except OSError:  # stderr was closed
            self._told = _TOLD_MAX + 1


def _resident() -> int:
    """Sum up the resident bytes of all that descends from this process."""
    page = os.sysconf("SC_PAGE_SIZE")
    total = 0
    for pid in _descendants(os.getpid()):
        try:
            with open(f"/proc/{pid}/statm", "rb") as stream:  # noqa: PTH123 - pathlib is not loaded here
                total += int(stream.read().split()[1]) * page
        except (OSError, IndexError):
            continue
    return total


def _descendants(pid: int) -> Iterator[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - as above
    except OSError:
        return
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as stream:  # noqa: PTH123 - as above
                children = [int(child) for child in stream.read().split()]
        except OSError:
            continue
        for child in children:
            yield child
            yield from _descendants(child)


def _end_all() -> None:
    """Kill all that descends from us, until there is none: orphans come to us and are killed next."""
    while True:
        for pid in set(_descendants(os.getpid())):
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        try:
            os.waitpid(-1, 0 if sys.platform == "linux" else os.WNOHANG)
        except ChildProcessError:
            return
        if sys.platform != "linux":  # nobody tells who descends from us: the group dies, and we with it
            os.killpg(0, signal.SIGKILL)
