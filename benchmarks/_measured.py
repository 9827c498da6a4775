"""One side of a benchmark in a process of its own: the seconds it tells, the memory it takes."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil

PAUSE = 0.01


def measured(module: str, *arguments: str) -> tuple[float, float]:
    """Run a module, whose last word on stdout is its seconds; give them and the peak megabytes."""
    process = psutil.Popen([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True)
    peak = 0
    while process.poll() is None:
        try:
            family = [process, *process.children(recursive=True)]
            peak = max(peak, sum(member.memory_info().rss for member in family))
        except psutil.NoSuchProcess:
            break
        time.sleep(PAUSE)
    return float((process.stdout.read() if process.stdout else "").split()[-1]), peak / 2**20
