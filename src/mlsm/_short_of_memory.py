"""Who dies where memory is short: the kernel is asked to choose a worker, which is replaced, and not who started it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

__all__ = ["die_first"]

_SCORE = "500"
"""Counted by the kernel as half of all memory, from -1000 (never chosen) to 1000 (always the first)."""


def die_first() -> None:
    """Let the kernel choose this process, and those that it starts, before others where memory is short."""
    with suppress(OSError):  # no Linux, or one that keeps this to itself
        Path("/proc/self/oom_score_adj").write_text(_SCORE, encoding="ascii")
