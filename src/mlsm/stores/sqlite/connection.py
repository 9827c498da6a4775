"""The connections to one SQLite file: one that writes, and as many as read at a time."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlsm.errors import StoreAwayError
from mlsm.stores.sqlite.failures import refuse_misplaced, translated
from mlsm.stores.sqlite.schema import MIGRATIONS, migrate, version

__all__ = ["Connections"]

_PAUSE = 0.05
"""Seconds between two tries to turn the write-ahead log on."""
_NO_LOG = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY_DIRECTORY)
"""What SQLite says where it cannot make the log that a reader needs."""


class Connections:
    """Open what is needed of one file when it is needed, and hand it out for one transaction.

    The file is made by `create` alone. A connection that reads opens it read-only; where
    there is no store yet, an empty one in memory is read. Threads may share this: one
    writes at a time, any number read meanwhile, each in a snapshot of its own.

    Args:
        path: the file.
        busy_timeout: seconds to wait for another process's lock.
    """

    def __init__(self, path: Path, *, busy_timeout: float) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._writing = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._reading = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._disposals = 0

    def create(self) -> None:
        """Make the store, where there is none yet, and bring an older one up to date."""
        with self._writing, translated(self.path):
            if self._writer is None:
                self._writer = self._open_writer("rwc")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hand out the connection that writes, within a transaction that ends as the block does."""
        with self._writing, translated(self.path):
            if self._writer is None:
                self._writer = self._open_writer("rw")
            db = self._writer
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except BaseException as error:
                # After a failed write to the disk a connection may not be trusted; the next begins afresh.
                if isinstance(error, sqlite3.Error) or not _rolled_back(db):
                    self._writer = None
                    _close(db)
                raise

    def empty_log(self) -> None:
        """Move all that is in the write-ahead log into the file, and cut the log to nothing.

        Raises:
            StoreAwayError: somebody reads for so long that the log could not be emptied.
        """
        with self._reading:
            idle, self._idle = self._idle, []
        for db in idle:
            db.close()
        with self._writing, translated(self.path):
            if self._writer is None:
                self._writer = self._open_writer("rw")
            (busy, *_) = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreAwayError(
                f"What was removed from the store {str(self.path)!r} is still in its write-ahead log: another process"
                " reads it.",
                hint="Wait until the other process is done; then run this again.",
            )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Hand out a connection that reads one moment of the store for as long as the block lasts."""
        with translated(self.path):
            with self._reading:
                disposals = self._disposals
                reader = self._idle.pop() if self._idle else None
            db, lasting = (reader, True) if reader is not None else self._open_reader()
            try:
                db.execute("BEGIN")
                yield db
            finally:
                self._take_back(db, disposals if lasting else None)

    def dispose(self) -> None:
        """Close what is open; a later call opens anew."""
        with self._reading:
            self._disposals += 1
            idle, self._idle = self._idle, []
        for db in idle:
            db.close()
        with self._writing:
            if self._writer is not None:
                # So that the file is complete without its log, even if a reader elsewhere is the last to close.
                with suppress(sqlite3.Error):
                    self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")
                _close(self._writer)
                self._writer = None

    def _take_back(self, db: sqlite3.Connection, disposals: int | None) -> None:
        """Keep a reader for the next one, unless it was not to last or all were disposed of meanwhile."""
        with self._reading:
            if disposals == self._disposals and _rolled_back(db):
                self._idle.append(db)
                return
        _close(db)

    def _open_writer(self, mode: str) -> sqlite3.Connection:
        refuse_misplaced(self.path)
        db = self._connect(f"mode={mode}")
        try:
            # What is checked first is never changed: a database of somebody else keeps its journal.
            version(db)
            self._turn_log_on(db)
            # FULL, since a seq that somebody has seen must not be given again after a power failure; it
            # costs one flush a lane, 1 to 3 ms. NORMAL would keep what was committed only when the
            # process is killed.
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            # What is deleted is overwritten: who is forgotten must not be found in the file's free room.
            db.execute("PRAGMA secure_delete = ON")
            # The index of ids and the pointers are what is changed in random places: 64 MB hold those of 2 million.
            db.execute("PRAGMA cache_size = -65536")
            migrate(db)
        except BaseException:
            db.close()
            raise
        return db

    def _turn_log_on(self, db: sqlite3.Connection) -> None:
        """Let readers read while one writes; SQLite does not wait here for another's lock by itself."""
        until = time.monotonic() + self._busy_timeout
        while True:
            try:
                db.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(_PAUSE)
            else:
                return

    def _open_reader(self) -> tuple[sqlite3.Connection, bool]:
        """Open a reader, and tell whether it stays right when somebody writes."""
        refuse_misplaced(self.path)
        if not self.path.exists():
            return _empty(), False
        try:
            db, lasting = self._connect_checked("mode=ro"), True
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in _NO_LOG or self._log().exists():
                raise
            # In a folder that may not be written no log can be made; without one the file is all there is.
            db, lasting = self._connect_checked("mode=ro&immutable=1"), False
        found = version(db)
        if found == len(MIGRATIONS):
            return db, lasting
        db.close()
        if found == 0:
            return _empty(), False
        self.create()
        return self._open_reader()

    def _connect_checked(self, query: str) -> sqlite3.Connection:
        """Connect and read the header, since SQLite looks at a file only when it is first read."""
        db = self._connect(query)
        try:
            version(db)
        except BaseException:
            db.close()
            raise
        return db

    def _log(self) -> Path:
        return self.path.with_name(self.path.name + "-wal")

    def _connect(self, query: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{query}",
            uri=True,
            timeout=self._busy_timeout,
            isolation_level=None,
            check_same_thread=False,
        )


def _empty() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(db)
    return db


def _rolled_back(db: sqlite3.Connection) -> bool:
    try:
        if db.in_transaction:
            db.execute("ROLLBACK")
    except sqlite3.Error:
        return False
    return True


def _close(db: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        db.close()
