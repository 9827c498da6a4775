"""The server's disk is full: a sentence with the way out, nothing half written, and with room it goes on."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from tests.servers.disk import SmallDisk, can_mount, small_disk
from tests.servers.mongo import Mongod
from tests.servers.postgres import PostgresServer

from mlsm._result import Result
from mlsm.contracts import Selection, Store
from mlsm.errors import StoreError
from mlsm.stores.mongo.address import read_address
from mlsm.stores.mongo.store import MongoStore
from mlsm.stores.postgres import PostgresStore
from mlsm.testing._stores.samples import begun, commit, plan_of, read, result

pytestmark = pytest.mark.skipif(not can_mount(), reason="this process may not mount a file system")

_LEFT = 300_000


@pytest.fixture(scope="module")
def disk() -> Iterator[SmallDisk]:
    """Mount a disk that holds an idle server, and little more."""
    with small_disk("400m") as disk:
        yield disk


def some(number: int) -> list[Result]:
    """Make the results of a part that takes about half a megabyte, however it is packed."""
    draw = random.Random(number)
    return [result(f"{number}-{row}", "fit@1", output={"text": draw.randbytes(500).hex()}) for row in range(500)]


def fill_up(store: Store, run_id: str, parts: range) -> tuple[str, int]:
    """Write parts until that fails; give what is told, and the part that failed."""
    for part in parts:
        try:
            commit(store, run_id, part, some(part))
        except StoreError as error:
            return str(error), part
    raise AssertionError("the disk took it all")


def check_whole(store: Store, run_id: str, parts: int) -> None:
    """Assert that so many parts are there, each whole, and no trace of another."""
    assert (parts, []) == (store.run(run_id).parts_done, store.check())
    stored = read(store.results(run_id, Selection()))
    expected = [one for part in range(parts) for one in some(part)]
    assert [(one.record_id, one.output) for one in expected] == [(one.record_id, one.output) for one in stored]


def test_postgres_whose_disk_is_full(disk: SmallDisk) -> None:
    """PostgreSQL refuses the part; reading goes on; with room the same part is written once."""
    folder = disk.folder / "pg"
    folder.mkdir()
    server = PostgresServer(folder)
    store = PostgresStore(server.url(), patience=1)
    try:
        run_id = begun(store, plan_of())
        commit(store, run_id, 0, some(0))
        disk.fill(_LEFT)
        told, failed = fill_up(store, run_id, range(1, 100))
        expected = ("disk is full", "is safe", "Hint: Free some space", "--resume")
        assert [] == [text for text in expected if text not in told]
        check_whole(store, run_id, failed)
        disk.clear()
        commit(store, run_id, failed, some(failed))
        check_whole(store, run_id, failed + 1)
    finally:
        store.dispose()
        disk.clear()
        server.stop()


def test_mongodb_whose_disk_is_full(disk: SmallDisk) -> None:
    """A mongod without room for its journal ends: that is told; started again with room it has what was committed."""
    folder = disk.folder / "mongo"
    folder.mkdir()
    small = ("--wiredTigerEngineConfigString", "log=(file_max=1MB,prealloc=false)")
    with Mongod(folder, options=small) as server:
        store = MongoStore(read_address(server.url("full")), patience=1)
        run_id = begun(store, plan_of())
        commit(store, run_id, 0, some(0))
        disk.fill(_LEFT)
        told, failed = fill_up(store, run_id, range(1, 100))
        assert "disk is full" in told or "Could not reach the store" in told
        assert [] == [text for text in ("is safe", "Hint: ", "--resume") if text not in told]
        disk.clear()
        server.kill()
        server.start()
        check_whole(store, run_id, failed)
        commit(store, run_id, failed, some(failed))
        check_whole(store, run_id, failed + 1)
        store.dispose()
