"""Threads that models leave behind must not keep a command from ending that has done its work."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from contextlib import suppress

__all__ = ["end_despite_threads"]

_GRACE_SECONDS = 1.0


def end_despite_threads(code: int) -> int:
    """Give the exit code; end the process with it where threads still run after a moment, which Python would wait for.

    Args:
        code: the exit code.
    """
    until = time.monotonic() + _GRACE_SECONDS
    others = [one for one in threading.enumerate() if one is not threading.main_thread() and not one.daemon]
    for thread in others:
        thread.join(max(0.0, until - time.monotonic()))
    left = sum(thread.is_alive() for thread in others)
    if not left:
        return code
    with suppress(OSError, ValueError):  # a model may have closed it
        sys.stderr.write(f"{'1 thread' if left == 1 else f'{left} threads'} of models still ran; ended.\n")
    # What Python does behind the threads, and offers by no other name: workers end, temporary files go.
    atexit._run_exitfuncs()  # noqa: SLF001
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
