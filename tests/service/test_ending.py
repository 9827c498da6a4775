"""Facts about the end of a pool of threads."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from threading import enumerate as threads

import pytest

from mlsm.service.ending import end_pool


def test_an_interrupt_takes_no_thread_for_ended() -> None:
    """Python's end still waits for what the pool is at; a `join` that is interrupted would forget it."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="slow")
    futures = [pool.submit(time.sleep, 0.3), pool.submit(time.sleep, 0.0)]
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            end_pool(pool, futures)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    (thread,) = [thread for thread in threads() if thread.name.startswith("slow")]
    assert (True, True) == (thread.is_alive(), futures[1].cancelled())
    thread.join()
    assert futures[0].done()
