"""The tables of a store in SQLite, as a list of migrations.

Results are appended, never changed. `result` is keyed by the lane (its `seq`), the number
of the record and the place of the model in the lane's roster, so that a lane's rows, sorted
by record, go to the end of the table whatever the order of ids. What is the same for a
whole lane stands once in `lane`, `seat` and `given`; `result.given` says where it was otherwise.

What is current is found without touching history: `pointer` says for every record and
roster which live lane holds the newest results, newest by (as_of, seq). Every lane has all
models of its roster for each of its records, so the current result of a model version is
the newest among the pointers whose rosters seat it, and the score of a name the newest
among those that seat the name as active.

Times are microseconds since 1970, UTC. Texts that hold JSON: `run.plan`, `run.report`,
`result.output`, `reasons`, `error`, `substitute`, `given.given`, `kept.kept`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from mlsm.errors import StoreError, StoreVersionError
from mlsm.stores.sqlite.views import GIVEN, views

__all__ = ["MIGRATIONS", "migrate", "version"]

_APPLICATION = 0x6D6C736D
"""`mlsm` in ASCII: the mark in the file's header that it is a store."""

_TABLES = (
    """CREATE TABLE run (
        run INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL UNIQUE,
        purpose TEXT NOT NULL,
        plan TEXT NOT NULL,
        state TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        finished_at INTEGER,
        report TEXT NOT NULL,
        parts INTEGER NOT NULL DEFAULT 0,
        records INTEGER NOT NULL DEFAULT 0,
        rejects INTEGER NOT NULL DEFAULT 0
    )""",
    # The processes that have the run open: two may resume it at once.
    """CREATE TABLE owner (
        run INTEGER NOT NULL REFERENCES run,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        started TEXT NOT NULL,
        PRIMARY KEY (run, host, pid, started)
    ) WITHOUT ROWID""",
    """CREATE TABLE model (
        model INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        UNIQUE (name, version)
    )""",
    # Under which digest a version's results were first stored as active.
    """CREATE TABLE active_digest (
        model INTEGER PRIMARY KEY REFERENCES model,
        digest TEXT NOT NULL
    )""",
    # The model versions of a lane with their statuses, in the order of the catalog.
    """CREATE TABLE roster (
        roster INTEGER PRIMARY KEY,
        models TEXT NOT NULL UNIQUE
    )""",
    """CREATE TABLE seat (
        roster INTEGER NOT NULL REFERENCES roster,
        place INTEGER NOT NULL,
        model INTEGER NOT NULL REFERENCES model,
        status TEXT NOT NULL,
        PRIMARY KEY (roster, place)
    ) WITHOUT ROWID""",
    """CREATE TABLE outcome (
        outcome INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        called INTEGER NOT NULL
    )""",
    """INSERT INTO outcome VALUES
        (0, 'ok', 1), (1, 'abstained', 1), (2, 'invalid', 0), (3, 'error', 1),
        (4, 'timeout', 0), (5, 'crashed', 0), (6, 'skipped', 0)""",
    """CREATE TABLE record (
        record INTEGER PRIMARY KEY,
        record_id TEXT NOT NULL UNIQUE
    )""",
    # AUTOINCREMENT: a seq is never given twice, even when the newest lane is deleted.
    # `first` is the lane of the same part that was committed first, null in that one.
    """CREATE TABLE lane (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        run INTEGER NOT NULL REFERENCES run,
        part INTEGER NOT NULL,
        lane TEXT NOT NULL,
        first INTEGER,
        roster INTEGER NOT NULL REFERENCES roster,
        as_of INTEGER NOT NULL,
        scored_at INTEGER NOT NULL,
        records INTEGER NOT NULL,
        low INTEGER,
        high INTEGER,
        UNIQUE (run, part, lane)
    )""",
    # A history asks every lane that may hold the record: those of single records are found
    # by it at once, and only the few large ones are looked through.
    "CREATE INDEX lane_of_one ON lane (low) WHERE records = 1",
    "CREATE INDEX lane_of_many ON lane (low, high) WHERE records > 1",
    """CREATE TABLE given (
        seq INTEGER NOT NULL REFERENCES lane,
        place INTEGER NOT NULL,
        given TEXT NOT NULL,
        PRIMARY KEY (seq, place)
    ) WITHOUT ROWID""",
    # No foreign keys here and below: each would be looked up for every row. The score has
    # no type: a REAL column stores -0.0 as 0.
    """CREATE TABLE result (
        seq INTEGER NOT NULL,
        record INTEGER NOT NULL,
        place INTEGER NOT NULL,
        outcome INTEGER NOT NULL,
        score,
        label TEXT,
        output TEXT,
        reasons TEXT,
        error TEXT,
        substitute TEXT,
        PRIMARY KEY (seq, record, place)
    ) WITHOUT ROWID""",
    """CREATE TABLE pointer (
        record INTEGER NOT NULL,
        roster INTEGER NOT NULL,
        as_of INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (record, roster)
    ) WITHOUT ROWID""",
    # The numbers of a part's records in the order of its input, where they are not in order already.
    """CREATE TABLE arrival (
        seq INTEGER PRIMARY KEY REFERENCES lane,
        records BLOB NOT NULL
    )""",
    """CREATE TABLE kept (
        seq INTEGER NOT NULL,
        record INTEGER NOT NULL,
        kept TEXT NOT NULL,
        PRIMARY KEY (seq, record)
    ) WITHOUT ROWID""",
    """CREATE TABLE input (
        seq INTEGER PRIMARY KEY REFERENCES lane,
        block BLOB NOT NULL
    )""",
    """CREATE TABLE reject (
        seq INTEGER NOT NULL REFERENCES lane,
        place INTEGER NOT NULL,
        source TEXT NOT NULL,
        row INTEGER NOT NULL,
        line INTEGER,
        record_id TEXT,
        reason TEXT NOT NULL,
        PRIMARY KEY (seq, place)
    ) WITHOUT ROWID""",
    """CREATE TABLE tally (
        run INTEGER NOT NULL REFERENCES run,
        model INTEGER NOT NULL REFERENCES model,
        outcome INTEGER NOT NULL REFERENCES outcome,
        results INTEGER NOT NULL,
        PRIMARY KEY (run, model, outcome)
    ) WITHOUT ROWID""",
)

_FORGETTING = (
    "ALTER TABLE run ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE run ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE tombstone_key (one INTEGER PRIMARY KEY CHECK (one = 1), key BLOB NOT NULL)",
    # Keyed hashes of the ids that may not come back.
    "CREATE TABLE tombstone (mark BLOB PRIMARY KEY) WITHOUT ROWID",
)

_GIVEN = (
    "ALTER TABLE result ADD COLUMN given TEXT",
    *(f"DROP VIEW {name}" for name in ("mlsm_results", "mlsm_current", "mlsm_scores")),
    *views(GIVEN),
)

MIGRATIONS: tuple[tuple[str, ...], ...] = ((*_TABLES, *views("g.given")), _FORGETTING, _GIVEN)
"""The statements that lead from version n to n + 1 of the store. Append only."""


def version(db: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> int:
    """Tell the version of the store in a file, 0 where the file is empty.

    Raises:
        StoreVersionError: it is newer than this program.
        StoreError: it is a database, but no store.
    """
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    mark: int = db.execute("PRAGMA application_id").fetchone()[0]
    empty = found == 0 and mark == 0 and db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if not empty and mark != _APPLICATION:
        raise StoreError(
            f"{_name(db)} is a SQLite database, but not of mlsm; expected a store or a path where none is yet.",
            hint="Choose another path for the store.",
        )
    if found > len(migrations):
        raise StoreVersionError(
            f"The store {_name(db)} has version {found}; this mlsm reads versions up to {len(migrations)}.",
            hint="Install the mlsm that wrote it, or a newer one.",
        )
    return found


def migrate(db: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring a store to the newest version in one transaction; make it where there is none."""
    if version(db, migrations) == len(migrations):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have come first while this one waited for the lock.
        for statements in migrations[version(db, migrations) :]:
            for statement in statements:
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {_APPLICATION}")
        db.execute(f"PRAGMA user_version = {len(migrations)}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _name(db: sqlite3.Connection) -> str:
    return repr(db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0])
