"""What code in C prints goes through a buffer of its own, of which Python knows nothing."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

__all__ = ["flush_c", "print_c_by_line"]

_LINE_BY_LINE = 1  # _IOLBF, on Linux and macOS alike
_STDOUT = "__stdoutp" if sys.platform == "darwin" else "stdout"


def print_c_by_line() -> None:
    """Let what is printed come line by line; a block of it would be lost where the process is killed."""
    _with_stdout(lambda library, stdout: library.setvbuf(stdout, None, _LINE_BY_LINE, ctypes.c_size_t(0)))


def flush_c() -> None:
    """Write what waits in the buffer, before the descriptor means something else or the process ends."""
    _with_stdout(lambda library, stdout: library.fflush(stdout))


def _with_stdout(function: Callable[[Any, Any], object]) -> None:
    with suppress(OSError, ValueError, AttributeError):  # a C library that calls it otherwise
        library = ctypes.CDLL(None)
        function(library, ctypes.c_void_p.in_dll(library, _STDOUT))
