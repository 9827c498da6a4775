"""Something is fetched in a thread while what came before it is worked on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mlsm.contracts import Reader
from mlsm.service.ending import end_pool

__all__ = ["ahead", "may_be_ahead"]

T = TypeVar("T")


def may_be_ahead(readers: Iterable[Reader]) -> bool:
    """Tell whether a thread that reads saves time: Python's own records would only contend for its lock."""
    return any(reader.options().get("format") != "records" for reader in readers)


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Fetch the next item in a thread while this one is worked on."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mlsm-reader")
    fetched = pool.submit(next, items, None)
    try:
        while (item := fetched.result()) is not None:
            fetched = pool.submit(next, items, None)
            yield item
    finally:
        end_pool(pool, [fetched])
