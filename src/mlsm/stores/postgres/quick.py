"""Single records, looked up in one round trip by statements that the server has planned once.

Planning a look-up takes longer than the look-up itself, and so does a transaction around
it: one statement sees one moment anyhow. Whatever stands in the way (no store yet, a store
of another version, a lost connection, a record that is not known), nothing is answered,
and the question is asked as all others are, which finds out what is the matter.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mlsm._result import Result
from mlsm.stores.postgres.ranking import CURRENT, SCORES, Rule, newest
from mlsm.stores.postgres.reading import TOLD, read_row
from mlsm.stores.postgres.records import storable
from mlsm.stores.postgres.schema import MIGRATIONS
from mlsm.stores.postgres.views import NAMES

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Connections, Database

__all__ = ["LookUps"]

_NAMES: dict[Rule, str] = {SCORES: "look_up_score", CURRENT: "look_up_current"}
_SETTINGS = (
    # Planned once, when tables may still be empty: indexes, in the order in which the joins stand.
    "SET plan_cache_mode TO force_generic_plan",
    "SET join_collapse_limit TO 1",
    "SET enable_seqscan TO off",
    "SET enable_hashjoin TO off",
    "SET enable_mergejoin TO off",
    "SET jit TO off",
)
_ONE = "p.record = (SELECT record FROM record WHERE record_id = $1)"


class LookUps:
    """Connections of their own, as many as look up at a time.

    Args:
        connections: opens them.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._lock = threading.Lock()
        self._idle: list[Database] = []

    def find(self, record_id: str, rule: Rule) -> list[Result]:
        """Give what is current of a record by a rule; none where it must be asked otherwise."""
        from adbc_driver_manager import Error

        if not storable(record_id):
            return []
        with self._lock:
            db = self._idle.pop() if self._idle else None
        try:
            db = self._opened() if db is None else db
            # Only digits stand in the statement: EXECUTE takes no parameters from outside.
            id_text = f"convert_from('\\x{record_id.encode().hex()}'::bytea, 'UTF8')"
            rows = db.rows(f"EXECUTE {_NAMES[rule]}({id_text})")
        except Error:
            if db is not None:
                db.close()
            return []
        with self._lock:
            self._idle.append(db)
        if any(row[0] != len(MIGRATIONS) for row in rows):
            return []
        return [read_row(row[1:]) for row in rows]

    def dispose(self) -> None:
        """Close what is open."""
        with self._lock:
            idle, self._idle = self._idle, []
        for db in idle:
            db.close()

    def _opened(self) -> Database:
        from adbc_driver_manager import Error

        db = self._connections.open(copies=False)
        try:
            for setting in _SETTINGS:
                db.rows(setting)
            for rule, name in _NAMES.items():
                db.rows(f"PREPARE {name}(text) AS {_statement(rule)}")
        except Error:
            db.close()
            raise
        return db


def _statement(rule: Rule) -> str:
    return f"""
        SELECT (SELECT version FROM store_version), {TOLD} FROM ({newest(rule, _ONE)}) w
        JOIN result r ON r.seq = w.seq AND r.record = w.record AND r.place = w.place
        JOIN lane l ON l.seq = r.seq {NAMES} ORDER BY m.name, l.as_of DESC, r.seq DESC, r.place
    """  # noqa: S608 - constants
