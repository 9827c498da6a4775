"""Threads of libraries that rest between calls, instead of waiting busily.

GCC's OpenMP lets its threads spin for milliseconds after each call, for the next one. A run
has others to give the processor to meanwhile: what reads the next part and writes the last.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["resting_threads"]

_SAID = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


@contextmanager
def resting_threads() -> Iterator[None]:
    """Let the threads of a library that is imported inside rest while they wait, unless the environment says how.

    OpenMP reads the environment when it is loaded, and never again: it is as before afterwards.

    Example:
        >>> import os
        >>> with resting_threads():
        ...     inside = os.environ.get("OMP_WAIT_POLICY")
        >>> inside is not None or "GOMP_SPINCOUNT" in os.environ
        True
    """
    if any(name in os.environ for name in _SAID):
        yield
        return
    os.environ["OMP_WAIT_POLICY"] = "passive"
    try:
        yield
    finally:
        os.environ.pop("OMP_WAIT_POLICY", None)
