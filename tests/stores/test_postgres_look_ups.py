"""Single records are looked up by prepared statements, which say what the long way says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chaos.proxy import Proxy
from tests.servers.postgres import PostgresServer, running

from mlsm.contracts import Selection
from mlsm.errors import StoreVersionError
from mlsm.stores import open_store
from mlsm.stores.postgres import PostgresStore
from mlsm.stores.postgres.address import read_address
from mlsm.stores.postgres.best import LAST_GOOD
from mlsm.stores.postgres.connection import Connections
from mlsm.testing._stores.samples import begun, commit, plan_of, result


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """Run a server that may be killed."""
    with running() as server:
        yield server


@pytest.mark.parametrize("record_id", ["7", "O'Hara", "a\\b", "'); DROP TABLE run; --", "$1", "ä ☃ \U0001f600"])
def test_an_id_is_a_value_whatever_it_looks_like(record_id: str, postgres: PostgresServer) -> None:
    """No id ends a statement or begins another."""
    store = open_store(postgres.url(), Path())
    assert [] == store.score(record_id)  # before there is a store
    commit(store, begun(store, plan_of()), 0, [result(record_id, "fit@1", score=3.0)])

    assert [(record_id, 3.0)] == [(one.record_id, one.score) for one in store.score(record_id)]
    assert store.current(record_id) == store.history(record_id)
    assert ([], []) == (store.score(f"{record_id} "), store.check())
    store.dispose()


def test_a_server_started_anew_is_asked_anew(own_server: PostgresServer) -> None:
    """A connection that was lost while idle costs an answer no one notices."""
    store = open_store(own_server.url(), Path())
    commit(store, begun(store, plan_of()), 0, [result("7", "fit@1", score=3.0)])
    before = store.score("7")
    own_server.kill()
    own_server.restart()

    assert before == store.score("7") == store.score("7")
    store.dispose()


def test_a_store_that_became_newer_is_refused(postgres: PostgresServer) -> None:
    """A look-up notices that another program brought the store to a later version."""
    store = PostgresStore(postgres.url())
    commit(store, begun(store, plan_of()), 0, [result("7", "fit@1")])
    assert 1 == len(store.score("7"))
    schema = read_address(f"{store.url}").schema
    postgres.ask(f'UPDATE "{schema}".store_version SET version = 99')  # noqa: S608 - our own name

    with pytest.raises(StoreVersionError, match="has version 99"):
        store.score("7")
    store.dispose()


def test_connections_share_what_the_driver_asks_of_a_server(postgres: PostgresServer) -> None:
    """The driver reads all types and columns of the server once for a store, over a connection of its own."""
    with Proxy(postgres.socket) as proxy:
        connections = Connections(read_address(postgres.through(postgres.url(), proxy.port)), patience=0)
        for db in [connections.open() for _ in range(3)]:
            assert [(1,)] == db.rows("SELECT 1")
            db.close()
        assert 3 + 1 == proxy.accepted
        connections.dispose()


def test_a_listing_goes_on_where_the_store_is_disposed_of(postgres: PostgresServer) -> None:
    """What is still being read keeps its connection; a later call opens new ones."""
    store = PostgresStore(postgres.url())
    run_id = begun(store, plan_of())
    for part in range(2):
        commit(store, run_id, part, [result(str(part), "fit@1", score=3.0)])
    listing = store.results(run_id, Selection())
    next(listing)
    store.dispose()

    assert 1 == next(listing).height
    assert 1 == len(store.score("0"))
    listing.close()  # type: ignore[attr-defined]
    store.dispose()


def test_last_good_scores_are_found_by_the_key_before_anything_is_counted(postgres: PostgresServer) -> None:
    """A server that knows nothing of the tables yet looks each record up, and reads no lane from end to end for it."""
    store = PostgresStore(postgres.url())
    ids = [str(number) for number in range(1_000)]
    commit(store, begun(store, plan_of()), 0, [result(one, "fit@1") for one in ids])
    assert len(ids) == store.last_good(["fit"], ids).height
    asked = LAST_GOOD.replace("$1", "'[]'").replace("$2", "'[]'").replace("$3", "1")
    connections = Connections(read_address(store.url), patience=0)
    db = connections.open(copies=False)
    planned = db.rows(f"EXPLAIN {asked}")
    db.close()
    connections.dispose()
    assert any("(seq = 1) AND (record = " in line for (line,) in planned), planned
    store.dispose()
