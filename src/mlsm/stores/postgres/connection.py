"""The connections to one PostgreSQL database: one that writes, and as many as read at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from mlsm.errors import MissingExtraError, StoreAwayError
from mlsm.stores.postgres.address import Address
from mlsm.stores.postgres.failures import is_away, translation
from mlsm.stores.postgres.schema import LOCK, migrate, stand_in, version

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Connections", "Database"]

T = TypeVar("T")
_PAUSE_FIRST, _PAUSE_MOST = 0.1, 5.0
"""Seconds between two tries to reach a server: each is twice the one before."""
_CUT_OFF_MOST = 60
"""How often in a row the connection may be lost on the way before the server counts as away."""


class Database:
    """One connection, in autocommit unless a transaction is begun by its statement."""

    def __init__(self, connection: Any, address: Address, *, copies: bool = True) -> None:
        self.address = address
        self._connection = connection
        self._cursor = connection.cursor()
        if not copies:
            self._cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement and give its rows, none where it has none."""
        self._cursor.execute(query, values or None)
        return list(self._cursor.fetchall()) if self._cursor.description else []

    def one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        """Give the first row, None where there is none."""
        found = self.rows(query, *values)
        return found[0] if found else None

    def frame(self, query: str, *values: object) -> pl.DataFrame:
        """Run a query and give its rows as a frame."""
        import polars as pl

        self._cursor.execute(query, values or None)
        return pl.DataFrame(pl.from_arrow(self._cursor.fetch_arrow_table()))

    def append(self, table: str, frame: pl.DataFrame, *, temporary: bool = False) -> None:
        """Append rows by COPY; the frame's columns have the table's names and types."""
        if frame.height:
            where: dict[str, Any] = {"temporary": True} if temporary else {"db_schema_name": self.address.schema}
            self._cursor.adbc_ingest(table, frame, mode="append", **where)

    def close(self) -> None:
        """Let go of it, whatever state it is in."""
        for thing in (self._cursor, self._connection):
            with suppress(Exception):  # the server may be gone; what is not committed is lost on purpose
                thing.close()


class _Lent:
    """The driver's database as one of its connections has it: it stays open when the connection is closed."""

    def close(self) -> None:
        """Leave it to the others."""


class Connections:
    """Open what is needed of one store when it is needed, and hand it out for one transaction.

    Args:
        address: where the store lies.
        patience: seconds for which an unreachable server is tried again.
    """

    def __init__(self, address: Address, *, patience: float) -> None:
        self.address = address
        self._patience = patience
        self._reached = self._begun = False
        self._writing = threading.RLock()
        self._writer: Database | None = None
        self._reading = threading.Lock()
        self._idle: list[Database] = []
        self._opening = threading.Lock()
        self._database: Any = None

    def create(self) -> None:
        """Make the store, where there is none yet, and bring an older one up to date."""

        def make(db: Database) -> None:
            schema = _quoted(self.address.schema)
            if db.one("SELECT to_regnamespace($1)::text", schema) == (None,):
                db.rows(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            migrate(db)

        self.change(make)

    def there(self) -> bool:
        """Tell whether there is a store."""
        table = f"{_quoted(self.address.schema)}.store_version"
        return self.read(lambda db: db.one("SELECT to_regclass($1)::text", table) != (None,))

    def change(self, work: Callable[[Database], T]) -> T:
        """Do some work in one transaction, one writer of the store at a time.

        A server that goes away is tried again, with growing pauses, and the work begun anew: it
        must find out by itself what an earlier try has committed whose answer was lost. One that
        was never reached is away at the start: nobody should wait for it.

        Raises:
            StoreAwayError: it stayed away.
        """
        from adbc_driver_manager import Error

        with self._writing:
            until, pause, cut_off = None, _PAUSE_FIRST, 0
            while True:
                self._begun = False
                try:
                    return self._once(work)
                except Error as error:
                    self._drop_writer()
                    if self._begun and cut_off < _CUT_OFF_MOST:
                        # It was there, and the connection lost on the way: that is not to be away.
                        until, pause, cut_off = None, _PAUSE_FIRST, cut_off + 1
                    until = until or time.monotonic() + (self._patience if self._reached else 0.0)
                    if not is_away(error) or time.monotonic() + pause > until:
                        self._reached = self._reached and not is_away(error)  # what stayed away is not waited for again
                        raise translation(error, self.address.shown) from error
                except BaseException:
                    self._drop_writer()
                    raise
                time.sleep(pause)
                pause = min(2 * pause, _PAUSE_MOST)

    def _once(self, work: Callable[[Database], T]) -> T:
        if self._writer is None:
            self._writer = self.open()
        db = self._writer
        db.rows("BEGIN")
        self._begun = True
        # Held until the commit, so that a seq never becomes visible after a greater one.
        # The schema's name is ours to give: `current_schema()` is null, and null locks nothing, before it is made.
        db.rows(f"SELECT pg_advisory_xact_lock({LOCK}, hashtext($1))::text", self.address.schema)
        done = work(db)
        db.rows("COMMIT")
        return done

    def _drop_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def read(self, work: Callable[[Database], T]) -> T:
        """Do some work that only reads, as of one moment; where the connection is lost on the way, anew.

        Raises:
            StoreAwayError: the server was never reached, or stayed away.
        """
        until, pause, cut_off = None, _PAUSE_FIRST, 0
        while True:
            begun = False
            try:
                with self.reading() as db:
                    begun = True
                    return work(db)
            except StoreAwayError:
                if begun and cut_off < _CUT_OFF_MOST:
                    until, pause, cut_off = None, _PAUSE_FIRST, cut_off + 1
                until = until or time.monotonic() + (self._patience if self._reached else 0.0)
                if time.monotonic() + pause > until:
                    self._reached = False  # what stayed away is not waited for again
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _PAUSE_MOST)

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """Hand out a connection that reads one moment of the store for as long as the block lasts.

        Where there is no store yet, empty tables stand in for it, which nobody else sees; in one of
        an older layout, views stand in for what it lacks.
        """
        from adbc_driver_manager import Error

        with self._reading:
            db = self._idle.pop() if self._idle else None
        try:
            if db is None or not _alive(db):
                lost, db = db is not None, None
                db = self._opened_again() if lost else self.open()
            db.rows("BEGIN ISOLATION LEVEL REPEATABLE READ")
            found = version(db)
            if found == 0:
                db.rows("SET LOCAL search_path TO pg_temp")
                migrate(db)
            else:
                stand_in(db, found)
            yield db
        except Error as error:
            if db is not None:
                db.close()
                db = None
            raise translation(error, self.address.shown) from error
        finally:
            if db is not None:
                self._take_back(db)

    def _opened_again(self) -> Database:
        """Connect anew to a server that was there before; one that is only starting is waited for."""
        from adbc_driver_manager import Error

        until, pause = time.monotonic() + self._patience, _PAUSE_FIRST
        while True:
            try:
                return self.open()
            except Error as error:
                if not is_away(error) or time.monotonic() + pause > until:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _PAUSE_MOST)

    def _take_back(self, db: Database) -> None:
        from adbc_driver_manager import Error

        try:
            db.rows("ROLLBACK")
        except Error:
            db.close()
            return
        with self._reading:
            self._idle.append(db)

    def dispose(self) -> None:
        """Close what is open; a later call opens anew."""
        with self._reading:
            idle, self._idle = self._idle, []
        for db in idle:
            db.close()
        with self._writing:
            self._drop_writer()
        with self._opening:
            if self._database is not None:
                with suppress(RuntimeError):  # a listing that is still read has a connection: then it stays
                    self._database.close()
                    self._database = None

    def open(self, *, copies: bool = True) -> Database:
        """Open a connection that nobody else has.

        Args:
            copies: whether rows come by COPY, which not every statement can.
        """
        try:
            import adbc_driver_postgresql
            from adbc_driver_manager import AdbcConnection, dbapi
        except ImportError as error:
            raise MissingExtraError(
                "The store in PostgreSQL needs a driver that is not installed: adbc-driver-postgresql.",
                hint="Install mlsm with the extra 'postgres'.",
            ) from error
        with self._opening:
            if self._database is None:
                # It asks for every type and every column that the server has, once for all connections.
                self._database = adbc_driver_postgresql.connect(self.address.uri)
            connection = AdbcConnection(self._database)
        lent: Any = _Lent()
        db = Database(dbapi.Connection(lent, connection, autocommit=True), self.address, copies=copies)
        db.rows(f"SET search_path TO {_quoted(self.address.schema)}")
        db.rows("SET client_min_messages TO warning")
        self._reached = True
        return db


def _alive(db: Database) -> bool:
    """Tell whether an idle connection still answers; a server that was started anew forgot it."""
    from adbc_driver_manager import Error

    try:
        db.rows("SELECT 1")
    except Error:
        db.close()
        return False
    return True


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
