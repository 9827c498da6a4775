"""Facts about the end of a pool of threads."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import enumerate as threads
from typing import Any

import pytest

import mlsm
from mlsm.readers import open_data
from mlsm.service import Job, Output, run
from mlsm.service.ending import end_pool
from mlsm.service.writing import Sink


@contextmanager
def interrupted() -> Iterator[None]:
    """Press Ctrl-C, as it were, in a twentieth of a second, which ends what is within."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class SlowWriter:
    """A writer that takes its time."""

    def write(self, part: int, frame: Any) -> None:
        time.sleep(0.5)

    def close(self) -> None:
        """Nothing is open."""

    def abort(self) -> None:
        """Nothing is left."""


def test_an_interrupt_takes_no_thread_for_ended() -> None:
    """Python's end still waits for what the pool is at; a `join` that is interrupted would forget it."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="slow")
    futures = [pool.submit(time.sleep, 0.3), pool.submit(time.sleep, 0.0)]
    with interrupted():
        end_pool(pool, futures)
    (thread,) = [thread for thread in threads() if thread.name.startswith("slow")]
    assert (True, True) == (thread.is_alive(), futures[1].cancelled())
    thread.join()
    assert futures[0].done()


def test_a_second_interrupt_takes_the_thread_that_writes_for_no_ended_one() -> None:
    """The first falls into the wait for a part that is being written, the second into the giving up."""
    fit = mlsm.model(version="1", name="fit", fields={"x": int}, status="active")(float)
    batches: list[Any] = []
    job = Job(
        catalog=mlsm.Catalog([fit]), inputs=(open_data([{"id": 1, "x": 1}]),), id_column="id", as_of=datetime.now(UTC)
    )
    run(job, on_batch=batches.append)
    sink = Sink(None, [Output(writer=SlowWriter(), wide=True)], None)
    with interrupted():
        for _ in range(9):
            sink.write(batches[0], ())
    with interrupted():
        sink.abandon()
    (thread,) = [thread for thread in threads() if thread.name.startswith("mlsm-writer")]
    assert thread.is_alive()
    thread.join()
