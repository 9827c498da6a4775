"""What a person sees where PostgreSQL cannot do what was asked: a sentence, the way out, no password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from tests.chaos.proxy import Proxy
from tests.servers.postgres import PostgresServer

from mlsm.contracts import Selection, Store
from mlsm.errors import StoreAwayError, StoreError, StoreVersionError
from mlsm.stores import open_store
from mlsm.stores.postgres import PostgresStore
from mlsm.stores.postgres.address import read_address
from mlsm.stores.postgres.connection import Connections
from mlsm.testing._stores.samples import begun, commit, framed, plan_of, result

SECRET = "open-sesame"  # noqa: S105 - a made-up one


@pytest.fixture
def store(postgres: PostgresServer) -> Iterator[Store]:
    """Open an empty store."""
    opened = open_store(postgres.url(), Path())
    yield opened
    opened.dispose()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://ada:open-sesame@db:5432/leads", "postgresql://ada@db:5432/leads"),
        ("postgresql://db/leads?password=open-sesame&sslmode=require", "postgresql://db/leads?sslmode=require"),
        ("postgresql:///?service=scoring&schema=a%20b", "postgresql:///?service=scoring&schema=a%20b"),
        ("postgresql://db/leads?PASSWORD=open-sesame&schema=a", "postgresql://db/leads?schema=a"),
        ("postgresql://db/leads?oauth_client_secret=open-sesame", "postgresql://db/leads"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    """Nothing that is shown or stored has the password; the driver has it."""
    opened = open_store(url, Path())

    assert (opened.url, SECRET in repr(opened), SECRET in repr(read_address(url))) == (shown, False, False)
    assert (SECRET in read_address(url).uri) == (SECRET in url)


@pytest.mark.parametrize("letters", ["@", "@@", "?", "#", "+", " ", ":"])
def test_a_password_with_odd_letters_reaches_the_driver(letters: str) -> None:
    """Letters that people leave as they are end neither the password nor what is hidden of the URL."""
    read = read_address(f"postgresql://ada:se{letters}cret@db:5432/leads?password=se+cret")

    escaped = letters.replace("@", "%40").replace(" ", "%20")
    assert read.shown == "postgresql://ada@db:5432/leads"
    assert read.uri.startswith(f"postgresql://ada:se{escaped}cret@db:5432/leads?password=se+cret&")


@pytest.mark.parametrize("said", ["", "&keepalives_idle=7000"], ids=["nothing said", "said"])
def test_a_host_that_is_gone_without_a_word_is_noticed(said: str, postgres: PostgresServer) -> None:
    """The system asks after a silent host within half a minute, unless the URL says otherwise."""
    with Proxy(postgres.socket) as proxy:
        connections = Connections(read_address(postgres.through(postgres.url(), proxy.port) + said), patience=0)
        db = connections.open()
        # The state of each connection: its ends, and after `02:` the time to the next question in hundredths.
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
        (timer,) = [row[5] for row in rows if row[2] == f"0100007F:{proxy.port:04X}" and row[3] == "01"]
        db.close()
    assert timer.startswith("02:")
    assert (int(timer.removeprefix("02:"), 16) <= 3_100) == (not said)


@pytest.mark.parametrize(
    ("said", "left"),
    [("connect_timeout=1", {"connect_timeout"}), ("service=scoring", {"connect_timeout", "tcp_user_timeout"})],
)
def test_what_is_said_of_time_outs_is_left_alone(said: str, left: set[str]) -> None:
    """What the URL or a service file says comes before what is usual here."""
    uri = read_address(f"postgresql://db/leads?{said}").uri.replace(said, "")
    assert set() == {name for name in left if name in uri}


@pytest.mark.parametrize(
    "rest",
    [
        *("ada:se/cret@db/leads", "ada:12/cret@db/leads", "ada:s%zzcret@db/leads", "ada:s%00cret@db/leads"),
        *("ada:secret@[::1/leads", "ada:secret@db:x/leads", "ada:secret@db/leads?cret"),
    ],
)
def test_a_url_that_cannot_be_read_is_not_quoted(rest: str) -> None:
    """What libpq could not read is refused by ourselves: libpq would quote the password."""
    with pytest.raises(StoreError, match="expected postgresql://user@host/database") as caught:
        open_store(f"postgresql://{rest}", Path())
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("schema", ["", "pg_catalog", "information_schema", "x" * 64, "%C3%B6" * 32])
def test_an_impossible_schema_is_refused(schema: str) -> None:
    """The schema must be one that a store can have; a name that is too long would be another store's, cut short."""
    with pytest.raises(StoreError, match="expected postgresql://user@host/database"):
        open_store(f"postgresql://db/leads?schema={schema}", Path())
    assert open_store(f"postgresql://db/leads?schema={'x' * 63}", Path()).url.endswith("x" * 63)


def test_a_server_that_is_away_is_told() -> None:
    """Nobody listens: a sentence, the way out, and no password."""
    away = PostgresStore(f"postgresql://ada:{SECRET}@127.0.0.1:1/leads", patience=0)

    with pytest.raises(StoreAwayError) as caught:
        away.runs()
    assert "Could not reach the store 'postgresql://ada@127.0.0.1:1/leads'" in str(caught.value)
    assert "See that the server runs" in str(caught.value)
    assert "a run goes on with --resume" in str(caught.value)  # other commands have no such option
    assert SECRET not in str(caught.value)


def test_a_database_that_is_missing_is_told(postgres: PostgresServer) -> None:
    """The server answers, the database is not there."""
    missing = PostgresStore(postgres.url().replace("/postgres?", "/nowhere?"), patience=0)

    with pytest.raises(StoreError, match="the server has no such database") as caught:
        missing.runs()
    assert "createdb" in str(caught.value)


def test_a_wrong_password_is_told_and_not_shown(postgres: PostgresServer) -> None:
    """The server does not accept the password."""
    postgres.ask("CREATE ROLE ada LOGIN PASSWORD 'another'")
    postgres.admit("local all ada scram-sha-256")
    wrong = PostgresStore(postgres.url().replace("//postgres:@", f"//ada:{SECRET}@"), patience=0)

    with pytest.raises(StoreError, match="does not accept this user or password") as caught:
        wrong.runs()
    assert "PGPASSWORD" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_server_that_refuses_in_other_words_is_there(postgres: PostgresServer) -> None:
    """What a server says to who connects, in words or a language of its own, is not told as a server that is away."""
    postgres.ask("CREATE ROLE ivy LOGIN CONNECTION LIMIT 0")
    refused = PostgresStore(postgres.url().replace("//postgres:@", "//ivy@"), patience=0)

    with pytest.raises(
        StoreAwayError, match=r"a server is there, and admits nobody so(.|\n)*Hint: Check user"
    ) as caught:
        refused.runs()
    assert "too many connections" in str(caught.value)


def test_a_port_that_is_none_is_told() -> None:
    """A number that no port has is a mistake in the URL, of which no server's log says anything."""
    with pytest.raises(StoreError, match=r"one of its settings cannot be used(.|\n)*Hint: Check the options") as caught:
        PostgresStore(f"postgresql://ada:{SECRET}@127.0.0.1:99999/leads", patience=0).runs()
    assert SECRET not in str(caught.value)


def test_a_newer_store_is_refused(postgres: PostgresServer, store: Store) -> None:
    """A store that a later program wrote is left alone."""
    url = postgres.url()
    newer = PostgresStore(url)
    newer.lift("nobody")
    newer.bury(newer.tombstones())
    postgres.ask(f'UPDATE "{read_address(url).schema}".store_version SET version = 99')  # noqa: S608 - our own name

    with pytest.raises(StoreVersionError, match="has version 99; this mlsm reads versions up to"):
        newer.runs()
    newer.dispose()


def test_a_server_that_may_only_be_read_is_told(postgres: PostgresServer) -> None:
    """A stand-by or a read-only database refuses writes with a sentence."""
    url = postgres.url() + "&options=-c%20default_transaction_read_only%3Don"
    reading = PostgresStore(url, patience=0)

    with pytest.raises(StoreError, match="may only be read"):
        reading.bury(reading.tombstones())
    reading.dispose()


def test_a_record_twice_is_told_as_that(store: Store) -> None:
    """A part that has a record twice is told as the caller's mistake, whether the store knows the record or not."""
    run_id = begun(store, plan_of())
    twice = framed(pl.DataFrame({"record_id": ["1", "1"], "fit@1.outcome": [0, 0], "fit@1.score": [1.0, 2.0]}))
    for part in (1, 2):
        with pytest.raises(StoreError, match="a part has a record twice"):
            store.write(run_id, part, "active", twice, [])
        commit(store, run_id, 0, [result("1", "fit@1")])


def test_what_does_not_fit_the_tables_is_not_told_as_a_record_twice(postgres: PostgresServer, store: Store) -> None:
    """A number that is given twice, as after a restore by hand, is a fault of the store, and told as that."""
    run_id = begun(store, plan_of())
    commit(store, run_id, 0, [result("1", "fit@1")])
    lanes = f"{store.url.rpartition('schema=')[2]}.lane"
    postgres.ask(f"SELECT setval(pg_get_serial_sequence('{lanes}', 'seq'), min(seq), false) FROM {lanes}")  # noqa: S608
    with pytest.raises(StoreError, match="its tables do not take what was to be written") as caught:
        commit(store, run_id, 1, [result("2", "fit@1")])
    assert "lane_pkey" in str(caught.value)
    assert "mlsm store check" in str(caught.value)
    assert [] == store.check()


def test_a_store_that_a_user_may_not_see_is_not_told_as_an_empty_one(postgres: PostgresServer, store: Store) -> None:
    """Who has no right to look into the schema is told so, and not that there are no runs; with it they are read."""
    begun(store, plan_of())
    schema = store.url.rpartition("schema=")[2]
    postgres.ask("CREATE ROLE mia LOGIN")
    reading = PostgresStore(store.url.replace("//postgres@", "//mia@"), patience=0)
    for look in (reading.runs, lambda: reading.score("1"), lambda: begun(reading, plan_of())):
        with pytest.raises(
            StoreError, match=f"may not look into the schema '{schema}'(.|\\n)*Hint: Grant the user USAGE"
        ):
            look()
    postgres.ask(f"GRANT USAGE ON SCHEMA {schema} TO mia; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO mia")
    assert (1, []) == (len(reading.runs()), reading.check())
    reading.dispose()


def test_a_question_whose_answer_is_lost_is_asked_again(postgres: PostgresServer, store: Store) -> None:
    """A connection that is lost under way costs a reader nothing, any more than a writer."""
    run_id = begun(store, plan_of())
    written = commit(store, run_id, 0, [result("1", "fit@1")])
    with Proxy(postgres.socket, lost=(b"FROM run",), times=3) as proxy:
        reading = PostgresStore(postgres.through(store.url, proxy.port), patience=5)
        asked = (reading.run(run_id).records, reading.seq(run_id), len(reading.runs()))
        (part,) = reading.results(run_id, Selection(), part=0)
        reading.dispose()
        assert (0, (1, 1, 1), len(written)) == (proxy.left, asked, part.height)


def test_a_number_in_the_data_is_no_code(postgres: PostgresServer) -> None:
    """What an error means is read from its code, not from digits that the server quotes."""
    reading = Connections(read_address(postgres.url()), patience=0)
    with pytest.raises(StoreError, match=r"Could not use the store .*division by zero") as caught:
        reading.change(lambda db: db.rows("SELECT 23505 / 0, 42501"))
    assert "Hint: The server's log" in str(caught.value)
    reading.dispose()


def test_a_store_that_is_not_there_reads_as_an_empty_one(store: Store) -> None:
    """Reading makes nothing."""
    assert ([], 0, []) == (store.runs(), store.size(), store.check())


def test_people_with_sql_tools_find_the_views(postgres: PostgresServer, store: Store) -> None:
    """The three views are there as soon as the store is."""
    store.bury(store.tombstones())
    schema = store.url.rpartition("schema=")[2]

    for view in ("mlsm_scores", "mlsm_current", "mlsm_results"):
        assert "0" in postgres.ask(f"SELECT count(*) FROM {schema}.{view}").split()  # noqa: S608 - our own names
