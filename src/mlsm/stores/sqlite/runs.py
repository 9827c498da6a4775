"""Runs: begun, taken up, closed, told of."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from mlsm.contracts import OpenRun, RunEntry, RunPlan
from mlsm.errors import StoreError, UnknownNameError
from mlsm.stores._digests import refuse_changed_digests
from mlsm.stores._lookup import find_run_id
from mlsm.stores._owner import Owner, is_gone, this_process
from mlsm.stores._plans import read_plan, read_report
from mlsm.stores._resume import Begun, run_to_resume
from mlsm.stores._runid import new_run_id
from mlsm.stores._times import microseconds, moment

__all__ = ["active_digests", "close", "find", "greatest_seq", "list_runs", "open_or_resume", "resolved", "used_bytes"]


def open_or_resume(db: sqlite3.Connection, plan: RunPlan, *, resume: bool) -> OpenRun:
    """Begin a run, or take one up, within the transaction of the caller."""
    run_id = run_to_resume(plan, _begun(db)) if resume else None
    refuse_changed_digests(active_digests(db), plan.models)
    resumed = run_id is not None
    if run_id is None:
        run_id = _insert(db, plan)
    run, stored = db.execute("SELECT run, plan FROM run WHERE run_id = ?", (run_id,)).fetchone()
    me = this_process()
    db.execute("UPDATE run SET state = 'open', report = '{}' WHERE run = ?", (run,))
    db.execute("INSERT INTO owner VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", (run, me.host, me.pid, me.started))
    done = db.execute("SELECT part, lane FROM lane WHERE run = ?", (run,)).fetchall()
    as_of = read_plan(run_id, stored).as_of
    return OpenRun(run_id=run_id, as_of=as_of, resumed=resumed, done=frozenset(done))


def close(db: sqlite3.Connection, run_id: str, state: str, report: Mapping[str, Any]) -> None:
    """Note how a run ended; one that finished stays so, whatever a second resumer says."""
    if state not in {"finished", "interrupted"}:
        raise StoreError(f"A run cannot be closed as {state!r}; expected 'finished' or 'interrupted'.")
    run = find(db, run_id)
    finished_at = microseconds(datetime.now(UTC)) if state == "finished" else None
    db.execute(
        "UPDATE run SET state = ?, finished_at = ?, report = ? WHERE run = ? AND state != 'finished'",
        (state, finished_at, msgspec.json.encode(report, enc_hook=str).decode(), run),
    )
    db.execute("DELETE FROM owner WHERE run = ?", (run,))


def list_runs(db: sqlite3.Connection, run_id: str | None = None) -> list[RunEntry]:
    """Tell of the runs, newest first, or of one."""
    query = (
        "SELECT run, run_id, state, plan, started_at, finished_at, parts, records, rejects, report, forgotten, pruned"
    )
    query += " FROM run"
    if run_id is None:
        rows = db.execute(f"{query} ORDER BY run DESC").fetchall()
    else:
        rows = db.execute(f"{query} WHERE run_id = ?", (run_id,)).fetchall()
    return [_entry(db, row) for row in rows]


def resolved(db: sqlite3.Connection, beginning: str) -> str:
    """Give the id of the run that begins so."""
    run_ids = [run_id for (run_id,) in db.execute("SELECT run_id FROM run ORDER BY run DESC")]
    return find_run_id(beginning, run_ids)


def find(db: sqlite3.Connection, run_id: str) -> int:
    """Give the number of a run."""
    found = db.execute("SELECT run FROM run WHERE run_id = ?", (run_id,)).fetchone()
    if found is None:
        raise UnknownNameError(f"No run {run_id!r} in the store; expected one that was opened in it.")
    return int(found[0])


def greatest_seq(db: sqlite3.Connection, run: int | None) -> int:
    """Give the seq of the newest lane (of a run), 0 where there is none."""
    of_run = "" if run is None else "WHERE run = ?"
    values = () if run is None else (run,)
    return int(db.execute(f"SELECT coalesce(max(seq), 0) FROM lane {of_run}", values).fetchone()[0])  # noqa: S608 - built of our own texts, values are bound


def used_bytes(db: sqlite3.Connection) -> int:
    """Give the bytes of the file without its free pages."""
    pages, free, size = (
        db.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def active_digests(db: sqlite3.Connection) -> dict[str, str]:
    """Give the digest under which each version was first stored as active, by key."""
    return dict(
        db.execute("SELECT m.name || '@' || m.version, d.digest FROM active_digest d JOIN model m ON m.model = d.model")
    )


def _insert(db: sqlite3.Connection, plan: RunPlan) -> str:
    run_id = new_run_id()
    db.execute(
        "INSERT INTO run (run_id, purpose, plan, state, started_at, report) VALUES (?, ?, ?, 'open', ?, '{}')",
        (run_id, plan.purpose, msgspec.json.encode(plan).decode(), microseconds(datetime.now(UTC))),
    )
    return run_id


def _begun(db: sqlite3.Connection) -> Iterator[Begun]:
    for run_id, state, plan in db.execute("SELECT run_id, state, plan FROM run ORDER BY run DESC"):
        yield Begun(run_id=run_id, finished=state == "finished", plan=read_plan(run_id, plan))


def _entry(db: sqlite3.Connection, row: tuple[Any, ...]) -> RunEntry:
    run, run_id, state, stored, started_at, finished_at, parts, records, rejects, report, forgotten, pruned = row
    plan = read_plan(run_id, stored)
    return RunEntry(
        run_id=run_id,
        state="interrupted" if state == "open" and _abandoned(db, run) else state,
        plan=plan,
        started_at=moment(started_at),
        finished_at=None if finished_at is None else moment(finished_at),
        parts_done=parts,
        records=records,
        rejects=rejects,
        counts=_counts(db, run, plan),
        report=read_report(run_id, report),
        forgotten=forgotten,
        pruned=pruned,
    )


def _abandoned(db: sqlite3.Connection, run: int) -> bool:
    """Tell whether all processes that had a run open are gone."""
    owners = db.execute("SELECT host, pid, started FROM owner WHERE run = ?", (run,)).fetchall()
    return all(is_gone(Owner(host=host, pid=pid, started=started)) for host, pid, started in owners)


def _counts(db: sqlite3.Connection, run: int, plan: RunPlan) -> dict[str, dict[str, int]]:
    query = """SELECT m.name || '@' || m.version, o.name, t.results FROM tally t
        JOIN model m ON m.model = t.model JOIN outcome o ON o.outcome = t.outcome
        WHERE t.run = ? ORDER BY t.outcome"""
    counts: dict[str, dict[str, int]] = {model.key: {} for model in plan.models}
    for key, outcome, results in db.execute(query, (run,)):
        counts.setdefault(key, {})[outcome] = results
    return {key: counted for key, counted in counts.items() if counted}
