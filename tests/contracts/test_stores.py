"""Every store keeps every promise of the contract."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mlsm.contracts import Store
from mlsm.stores import open_store
from mlsm.stores.sqlite import SqliteStore
from mlsm.testing.stores import STORE_CHECKS, check_store

URLS = {"sqlite:": "sqlite:///store.db", "memory:": "memory:"}
SERVERS = {"postgres:": "postgres", "mongo-standalone:": "mongo_standalone", "mongo-replica:": "mongo_replica"}
"""The fixtures that run a server; its `url()` names a new database."""


@pytest.fixture(params=[*URLS, *SERVERS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Open an empty store of each kind."""
    kind = request.param
    url = URLS[kind] if kind in URLS else request.getfixturevalue(SERVERS[kind]).url()
    opened = open_store(url, tmp_path)
    yield opened
    opened.dispose()
    if isinstance(opened, SqliteStore) and opened.path.exists():
        with closing(sqlite3.connect(opened.path)) as db:
            assert [("ok",)] == db.execute("PRAGMA integrity_check").fetchall()
            assert [] == db.execute("PRAGMA foreign_key_check").fetchall()


@pytest.mark.parametrize("check", STORE_CHECKS.values(), ids=list(STORE_CHECKS))
def test_store_keeps_its_promises(check: Callable[[Store], None], store: Store) -> None:
    """Each check of the suite passes on each store."""
    check(store)


def test_checks_are_run_on_stores_of_their_own(tmp_path: Path) -> None:
    """`check_store` opens a new store for every check, and passes on a good one."""
    opened: list[Store] = []

    def opener() -> Store:
        opened.append(open_store(f"sqlite:///{len(opened)}.db", tmp_path))
        return opened[-1]

    check_store(opener)
    assert len(STORE_CHECKS) == len(opened)
