"""One side of a benchmark in a process of its own: the seconds it tells, the memory it takes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil

PAUSE = 0.02


def timed(module: str, *arguments: str) -> float:
    """Run a module, whose last word on stdout is its seconds, with nothing beside it; give them."""
    command = [sys.executable, "-m", module, *arguments]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()[-1])


def measured(module: str, *arguments: str) -> tuple[float, float]:
    """Run a module, whose last word on stdout is its seconds; give them and the peak megabytes."""
    process = psutil.Popen([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True)
    known = {process.pid: process}
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(resident, family(process.pid, known))))
        time.sleep(PAUSE)
    return float((process.stdout.read() if process.stdout else "").split()[-1]), peak / 2**20


def family(pid: int, known: dict[int, psutil.Process]) -> list[psutil.Process]:
    """Give a process and its descendants, as the kernel lists them: to look at every process takes a core's time."""
    members, rest = [], [pid]
    while rest:
        one = rest.pop()
        try:
            if one not in known:
                known[one] = psutil.Process(one)
            members.append(known[one])
            for thread in Path(f"/proc/{one}/task").glob("*/children"):
                rest += map(int, thread.read_text().split())
        except (psutil.NoSuchProcess, OSError):  # it has ended
            continue
    return members


def resident(process: psutil.Process) -> int:
    """Give the bytes of memory that a process holds, none where it has ended."""
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
