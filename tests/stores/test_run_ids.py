"""Ids of runs are UUIDs of version 7."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

from mlsm.stores._runid import new_run_id


def test_run_id_is_a_uuid_of_version_7() -> None:
    """Version and variant stand where RFC 9562 wants them."""
    for _ in range(100):
        run_id = new_run_id()
        assert (7, "specified in RFC 4122", run_id) == (UUID(run_id).version, UUID(run_id).variant, str(UUID(run_id)))


def test_run_ids_sort_by_time() -> None:
    """An id of a later microsecond is the greater text."""
    begin = 1_795_000_000_000_000_000
    ids = [new_run_id(begin + step * 1_000) for step in range(3_000)]
    assert all(earlier < later for earlier, later in pairwise(ids))


def test_run_ids_of_one_moment_differ() -> None:
    """Ids made at the same nanosecond are different."""
    assert 1_000 == len({new_run_id(0) for _ in range(1_000)})
