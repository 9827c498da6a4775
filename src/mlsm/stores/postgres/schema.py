"""The tables of a store in PostgreSQL, as a list of migrations.

Results are appended by COPY, never changed. `result` is keyed by the lane (its `seq`), the
number of the record and the place of the model in the lane's roster, so that a lane's rows,
sorted by record, go to the end of the index whatever the order of ids. What is the same for
a whole lane stands once in `lane`, `seat` and `given`; `result.given` says where it was otherwise.

What is current is found without touching history: `pointer` says for every record and
roster which live lane holds the newest results, newest by (as_of, seq). Every lane has all
models of its roster for each of its records, so the current result of a model version is
the newest among the pointers whose rosters seat it, and the score of a name the newest
among those that seat the name as active.

Times are microseconds since 1970, UTC; ids compare by their bytes. JSON is kept as text,
byte for byte, and cast in the views. No statement names a schema: the connection's search
path does, so that empty temporary tables can stand in for a store that is not there yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlsm.errors import StoreError, StoreVersionError
from mlsm.stores.postgres.views import GIVEN, views

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Database

__all__ = ["LOCK", "MIGRATIONS", "migrate", "stand_in", "version"]

LOCK = 0x6D6C736D
"""`mlsm` in ASCII: the first half of the advisory lock that a writer holds."""

_BYTES = 'text COLLATE "C"'
_TABLES = (
    "CREATE TABLE store_version (one integer PRIMARY KEY CHECK (one = 1), version integer NOT NULL)",
    "INSERT INTO store_version VALUES (1, 0)",
    f"""CREATE TABLE run (
        run bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        run_id {_BYTES} NOT NULL UNIQUE,
        purpose text NOT NULL,
        plan text NOT NULL,
        state text NOT NULL,
        started_at bigint NOT NULL,
        finished_at bigint,
        report text NOT NULL,
        parts bigint NOT NULL DEFAULT 0,
        records bigint NOT NULL DEFAULT 0,
        rejects bigint NOT NULL DEFAULT 0,
        forgotten bigint NOT NULL DEFAULT 0,
        pruned bigint NOT NULL DEFAULT 0
    )""",
    # The processes that have the run open: two may resume it at once.
    """CREATE TABLE owner (
        run bigint NOT NULL REFERENCES run,
        host text NOT NULL,
        pid bigint NOT NULL,
        started text NOT NULL,
        PRIMARY KEY (run, host, pid, started)
    )""",
    f"""CREATE TABLE model (
        model integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name {_BYTES} NOT NULL,
        version {_BYTES} NOT NULL,
        UNIQUE (name, version)
    )""",
    "CREATE TABLE active_digest (model integer PRIMARY KEY REFERENCES model, digest text NOT NULL)",
    # The model versions of a lane with their statuses, in the order of the catalog. The list may be
    # longer than an index takes, so its hash is what is unique.
    """CREATE TABLE roster (
        roster integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        hash text NOT NULL UNIQUE
    )""",
    """CREATE TABLE seat (
        roster integer NOT NULL REFERENCES roster,
        place smallint NOT NULL,
        model integer NOT NULL REFERENCES model,
        status text NOT NULL,
        PRIMARY KEY (roster, place)
    )""",
    "CREATE TABLE outcome (outcome smallint PRIMARY KEY, name text NOT NULL UNIQUE, called boolean NOT NULL)",
    """INSERT INTO outcome VALUES
        (0, 'ok', TRUE), (1, 'abstained', TRUE), (2, 'invalid', FALSE), (3, 'error', TRUE),
        (4, 'timeout', FALSE), (5, 'crashed', FALSE), (6, 'skipped', FALSE)""",
    f"CREATE TABLE record (record bigint PRIMARY KEY, record_id {_BYTES} NOT NULL UNIQUE)",
    # `first` is the lane of the same part that was committed first, null in that one.
    """CREATE TABLE lane (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        run bigint NOT NULL REFERENCES run,
        part bigint NOT NULL,
        lane text NOT NULL,
        first bigint,
        roster integer NOT NULL REFERENCES roster,
        as_of bigint NOT NULL,
        scored_at bigint NOT NULL,
        records bigint NOT NULL,
        low bigint,
        high bigint,
        UNIQUE (run, part, lane)
    )""",
    # A history asks every lane that may hold the record: those of single records are found
    # by it at once, and only the few large ones are looked through.
    "CREATE INDEX lane_of_one ON lane (low) WHERE records = 1",
    "CREATE INDEX lane_of_many ON lane (low, high) WHERE records > 1",
    """CREATE TABLE given (
        seq bigint NOT NULL REFERENCES lane,
        place smallint NOT NULL,
        given text NOT NULL,
        PRIMARY KEY (seq, place)
    )""",
    # No foreign keys here and below: each would be looked up for every row.
    """CREATE TABLE result (
        seq bigint NOT NULL,
        record bigint NOT NULL,
        place smallint NOT NULL,
        outcome smallint NOT NULL,
        score double precision,
        label text,
        output text,
        reasons text,
        error text,
        substitute text,
        PRIMARY KEY (seq, record, place)
    )""",
    # Room on each page lets a pointer move without touching the index.
    """CREATE TABLE pointer (
        record bigint NOT NULL,
        roster integer NOT NULL,
        as_of bigint NOT NULL,
        seq bigint NOT NULL,
        PRIMARY KEY (record, roster)
    ) WITH (fillfactor = 50)""",
    # The numbers of a part's records in the order of its input, where they are not in order already.
    "CREATE TABLE arrival (seq bigint PRIMARY KEY REFERENCES lane, records bytea NOT NULL)",
    """CREATE TABLE kept (
        seq bigint NOT NULL,
        record bigint NOT NULL,
        kept text NOT NULL,
        PRIMARY KEY (seq, record)
    )""",
    "CREATE TABLE input (seq bigint PRIMARY KEY REFERENCES lane, block bytea NOT NULL)",
    f"""CREATE TABLE reject (
        seq bigint NOT NULL REFERENCES lane,
        place bigint NOT NULL,
        source text NOT NULL,
        row bigint NOT NULL,
        line bigint,
        record_id {_BYTES},
        reason text NOT NULL,
        PRIMARY KEY (seq, place)
    )""",
    """CREATE TABLE tally (
        run bigint NOT NULL REFERENCES run,
        model integer NOT NULL REFERENCES model,
        outcome smallint NOT NULL REFERENCES outcome,
        results bigint NOT NULL,
        PRIMARY KEY (run, model, outcome)
    )""",
    # Keyed hashes of the ids that may not come back.
    "CREATE TABLE tombstone_key (one integer PRIMARY KEY CHECK (one = 1), key bytea NOT NULL)",
    "CREATE TABLE tombstone (mark bytea PRIMARY KEY)",
)

_GIVEN = ("ALTER TABLE result ADD COLUMN given text", *views(GIVEN))

MIGRATIONS: tuple[tuple[str, ...], ...] = ((*_TABLES, *views("g.given")), _GIVEN)
"""The statements that lead from version n to n + 1 of the store. Append only."""

_STAND_INS: tuple[tuple[str, ...], ...] = (
    (),
    ("CREATE TEMPORARY VIEW result AS SELECT *, NULL::text AS given FROM result",),
)
"""What a reader of version n makes for itself in the place of migration n; a temporary name comes before others."""


def version(db: Database, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> int:
    """Tell the version of the store, 0 where there is none.

    Raises:
        StoreError: the user may not look.
        StoreVersionError: it is newer than this program.
    """
    if db.one("SELECT to_regclass('store_version')::text") == (None,):
        _refuse_hidden(db)
        return 0
    told = db.one("SELECT version FROM store_version")
    if told is None:
        # The table was made after the moment at which this transaction sees the store: names are looked up as of now.
        return 0
    (found,) = told
    if found > len(migrations):
        raise StoreVersionError(
            f"The store {db.address.shown!r} has version {found}; this mlsm reads versions up to {len(migrations)}.",
            hint="Install the mlsm that wrote it, or a newer one.",
        )
    return int(found)


def _refuse_hidden(db: Database) -> None:
    """Refuse a schema whose tables this user may not even see: it would read as an empty store."""
    schema = db.address.schema
    rights = "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1"
    if db.one(rights, schema) == (False,):
        raise StoreError(
            f"Could not read the store {db.address.shown!r}: this user may not look into the schema {schema!r}.",
            hint="Grant the user USAGE on the schema, and SELECT on its tables.",
        )


def migrate(db: Database, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring a store to the newest version within the transaction of the caller; make it where there is none."""
    found = version(db, migrations)
    for statements in migrations[found:]:
        for statement in statements:
            db.rows(statement)
    if found < len(migrations):
        db.rows("UPDATE store_version SET version = $1::integer", len(migrations))


def stand_in(db: Database, found: int) -> None:
    """Make, for this transaction alone, what a store of an older version lacks to be read."""
    for statements in _STAND_INS[found:]:
        for statement in statements:
            db.rows(statement)
