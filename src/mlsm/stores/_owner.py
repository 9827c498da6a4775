"""Who holds a run open: a process of this host, and whether it still runs."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Owner", "is_gone", "this_process"]

_PROC = Path("/proc")
_START = 19
"""Where the start time stands in /proc/<pid>/stat, counted after the name (proc(5), field 22)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process: its host, its id there, and when it started.

    A process id comes again after a restart or in time; with the start it names one
    process for ever. `started` is empty where the system does not tell.
    """

    host: str
    pid: int
    started: str


def this_process() -> Owner:
    """Name the process that asks."""
    return Owner(host=_host(), pid=os.getpid(), started=_started(os.getpid()) or "")


def is_gone(owner: Owner) -> bool:
    """Tell whether a process has surely ended; that of another host never has."""
    if owner.host != _host() or not owner.started:
        return False
    return _started(owner.pid) != owner.started


def _host() -> str:
    """Name what process ids belong to: two containers may share the name of a host."""
    try:
        return f"{socket.gethostname()} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _started(pid: int) -> str | None:
    """Tell when a process started, None where there is no such process or no way to know."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return _started_by_ps(pid)
    try:
        # The name stands in brackets and may hold anything, brackets and blanks too.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # A killed process that its parent has not buried yet (Z) or is just being taken away (X) is gone.
    return None if fields[0] in "ZX" else f"{boot} {fields[_START]}"


def _started_by_ps(pid: int) -> str | None:
    if os.name != "posix":
        return None
    asked = subprocess.run(  # noqa: S603 - a number is all that varies
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None
