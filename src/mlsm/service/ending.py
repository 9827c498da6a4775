"""The end of a pool of threads, that an interrupt may fall into.

A `Thread.join` that is interrupted takes the thread for ended, though it is not, and Python
then ends beside it: a thread that is within polars at that moment takes the process down. So
it is what the threads are at that is waited for.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

__all__ = ["end_pool"]


def end_pool(pool: ThreadPoolExecutor, futures: Iterable[Future[Any]]) -> None:
    """Wait for what a pool is at, and forget what it has not begun.

    Args:
        pool: the pool.
        futures: all that it was asked for and may still be at.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed meanwhile; Python's end waits for the threads, then.
    """
    pool.shutdown(wait=False, cancel_futures=True)
    wait([future for future in futures if not future.cancelled()])
    pool.shutdown()
