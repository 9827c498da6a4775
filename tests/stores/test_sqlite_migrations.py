"""A store is brought up to date step by step, whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from mlsm.errors import StoreVersionError
from mlsm.stores.sqlite.schema import MIGRATIONS, migrate, version

FIRST = ("CREATE TABLE lead (id)", "INSERT INTO lead VALUES (1)")
SECOND = ("ALTER TABLE lead ADD COLUMN size", "UPDATE lead SET size = 2")
BROKEN = ("UPDATE lead SET size = 3", "UPDATE nothing SET size = 3")


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    """Open an empty database."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        yield opened


def test_empty_database_takes_every_step(db: sqlite3.Connection) -> None:
    """From nothing, all migrations are applied in order."""
    migrate(db, [FIRST, SECOND])
    assert 2 == version(db, [FIRST, SECOND])
    assert [(1, 2)] == db.execute("SELECT id, size FROM lead").fetchall()


def test_older_store_takes_the_steps_it_lacks(db: sqlite3.Connection) -> None:
    """A store of version 1 is given the second migration only, and keeps what it has."""
    migrate(db, [FIRST])
    db.execute("INSERT INTO lead VALUES (7)")
    migrate(db, [FIRST, SECOND])
    migrate(db, [FIRST, SECOND])
    assert [(1, 2), (7, 2)] == db.execute("SELECT id, size FROM lead").fetchall()


def test_step_that_fails_changes_nothing(db: sqlite3.Connection) -> None:
    """A migration that fails leaves the store as it was, steps before it included."""
    migrate(db, [FIRST])
    with pytest.raises(sqlite3.OperationalError, match="nothing"):
        migrate(db, [FIRST, SECOND, BROKEN])
    assert 1 == version(db, [FIRST, SECOND, BROKEN])
    assert [(1,)] == db.execute("SELECT * FROM lead").fetchall()


def test_newer_store_is_refused(db: sqlite3.Connection) -> None:
    """A store with more steps than this program knows is not touched."""
    migrate(db, [FIRST, SECOND])
    with pytest.raises(StoreVersionError, match="version 2; this mlsm reads versions up to 1"):
        migrate(db, [FIRST])


def test_every_step_is_valid(db: sqlite3.Connection) -> None:
    """The store's own migrations make a database in which every view can be asked."""
    migrate(db)
    assert len(MIGRATIONS) == version(db)
    for view in ("mlsm_scores", "mlsm_current", "mlsm_results"):
        assert [] == db.execute(f"SELECT * FROM {view}").fetchall()  # noqa: S608
