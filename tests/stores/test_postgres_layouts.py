"""A store in PostgreSQL while it is being made, and in the layouts of older programs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.servers.postgres import PostgresServer

from mlsm.contracts import Selection, Store
from mlsm.stores import open_store
from mlsm.stores.postgres.address import read_address
from mlsm.stores.postgres.connection import Connections, Database
from mlsm.stores.postgres.schema import MIGRATIONS, migrate, version
from mlsm.testing._stores.samples import begun, commit, plan_of, result


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """Name a store that is not there yet."""
    return postgres.url()


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    """Connect to it without the store."""
    connection = Connections(read_address(url), patience=0).open()
    yield connection
    connection.close()


def test_writers_that_come_at_once_make_one_store(url: str) -> None:
    """Each waits for the one that makes the schema, and none fails."""
    stores = [open_store(url, Path()) for _ in range(8)]
    together = threading.Barrier(len(stores))

    def begin(store: Store) -> str:
        store.runs()  # connected already, so that all of them make the store in the same moment
        together.wait()
        return begun(store, plan_of())

    with ThreadPoolExecutor(len(stores)) as pool:
        run_ids = set(pool.map(begin, stores))
    assert run_ids == {entry.run_id for entry in stores[0].runs()}
    for store in stores:
        store.dispose()


def test_a_writer_waits_for_another_before_there_is_a_store(url: str) -> None:
    """The lock that keeps writers apart does not need the schema, which the first of them makes."""
    first, second = (Connections(read_address(url), patience=0) for _ in range(2))
    inside, leave = threading.Event(), threading.Event()

    def hold(_: Database) -> bool:
        inside.set()
        return leave.wait(30)

    with ThreadPoolExecutor(2) as pool:
        holding = pool.submit(first.change, hold)
        assert inside.wait(30)
        waiting = pool.submit(second.change, lambda _: leave.is_set())
        time.sleep(0.5)
        leave.set()
        assert waiting.result(30)
        holding.result(30)
    first.dispose()
    second.dispose()


def test_a_reader_from_before_the_store_sees_none(url: str, db: Database) -> None:
    """Names are found as of now and rows as of the reader's moment: a table without its row is no store yet."""
    db.rows("BEGIN ISOLATION LEVEL REPEATABLE READ")
    assert 0 == version(db)
    store = open_store(url, Path())
    begun(store, plan_of())

    assert 0 == version(db)
    db.rows("ROLLBACK")
    assert len(MIGRATIONS) == version(db)
    store.dispose()


@pytest.mark.parametrize("steps", range(1, len(MIGRATIONS)))
def test_an_older_layout_is_read_and_then_brought_up_to_date(steps: int, url: str, db: Database) -> None:
    """Every read says the same of a store as an older program left it; the next run migrates it."""
    newer = url + "_newer"
    store = open_store(newer, Path())
    commit(store, begun(store, plan_of()), 0, [result("7", "fit@1", score=3.0), result("8", "fit@1", score=4.0)])
    expected = told(store)
    store.dispose()
    move_back(db, read_address(newer).schema, steps)

    older = open_store(url, Path())
    assert expected == told(older)
    assert steps == version(db)
    begun(older, plan_of())
    assert len(MIGRATIONS) == version(db)
    assert expected == told(older)
    older.dispose()


def told(store: Store) -> list[object]:
    """Ask a store for all that it tells of the sample's results."""
    run_id = store.runs()[-1].run_id
    frames: tuple[Callable[[], object], ...] = (
        lambda: [frame.rows() for frame in store.scores(Selection())],
        lambda: [frame.rows() for frame in store.currents(Selection())],
        lambda: [frame.rows() for frame in store.results(run_id, Selection())],
        lambda: [(seq, frame.rows()) for seq, frame in store.changes(0)],
        lambda: (store.score("7"), store.current("7"), store.history("7"), store.held("7").results),
        lambda: (store.top("fit", 2), store.last_good(["fit"], ["7"]).rows(), store.check()),
        lambda: [lane.batch.frame.rows() for lane in store.lanes()],
    )
    return [ask() for ask in frames]


def move_back(db: Database, newer: str, steps: int) -> None:
    """Make a store by the first migrations alone, with the rows of a newer one."""
    db.rows(f'CREATE SCHEMA "{db.address.schema}"')
    migrate(db, MIGRATIONS[:steps])
    db.rows("SET session_replication_role = replica")  # rows come in any order
    columns = """SELECT c.table_name, string_agg('"' || c.column_name || '"', ', ')
        FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
        WHERE c.table_schema = $1 AND t.table_type = 'BASE TABLE' GROUP BY 1"""
    for table, names in db.rows(columns, db.address.schema):
        if table not in {"store_version", "outcome"}:
            db.rows(
                f'INSERT INTO "{table}" ({names}) OVERRIDING SYSTEM VALUE '  # noqa: S608 - our own names
                f'SELECT {names} FROM "{newer}"."{table}"'
            )
    for table in ("run", "model", "roster", "lane"):
        sequence = f"pg_get_serial_sequence('{table}', '{'seq' if table == 'lane' else table}')"
        db.rows(f"SELECT setval({sequence}, 1000)::bigint")
    db.rows("SET session_replication_role = DEFAULT")
