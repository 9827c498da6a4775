"""Runs: begun, taken up, closed, told of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from mlsm.contracts import OpenRun, RunEntry, RunPlan
from mlsm.errors import StoreError, UnknownNameError
from mlsm.stores._digests import refuse_changed_digests
from mlsm.stores._lookup import find_run_id
from mlsm.stores._owner import Owner, is_gone, this_process
from mlsm.stores._plans import read_plan, read_report
from mlsm.stores._resume import Begun, run_to_resume
from mlsm.stores._times import microseconds, moment

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Database

__all__ = ["active_digests", "close", "find", "greatest_seq", "list_runs", "open_or_resume", "resolved", "used_bytes"]

_ENTRY = """SELECT run, run_id, state, plan, started_at, finished_at, parts, records, rejects, report, forgotten, pruned
    FROM run"""


def open_or_resume(db: Database, plan: RunPlan, run_id: str, *, resume: bool) -> OpenRun:
    """Begin a run, or take one up, within the transaction of the caller.

    Args:
        db: the store.
        plan: what is to be done.
        run_id: the id of a run that begins; where it is there, an earlier try's commit was
            answered too late.
        resume: whether to take up an unfinished run.
    """
    found = run_to_resume(plan, _begun(db, run_id)) if resume else None
    refuse_changed_digests(active_digests(db), plan.models)
    resumed = found is not None
    if found is None:
        found = run_id
        db.rows(
            """INSERT INTO run (run_id, purpose, plan, state, started_at, report) VALUES ($1, $2, $3, 'open', $4, '{}')
            ON CONFLICT DO NOTHING""",
            run_id,
            plan.purpose,
            msgspec.json.encode(plan).decode(),
            microseconds(datetime.now(UTC)),
        )
    ((run, stored),) = db.rows("SELECT run, plan FROM run WHERE run_id = $1", found)
    me = this_process()
    db.rows("UPDATE run SET state = 'open', report = '{}' WHERE run = $1", run)
    owner = "INSERT INTO owner VALUES ($1, $2, $3::bigint, $4) ON CONFLICT DO NOTHING"
    db.rows(owner, run, me.host, me.pid, me.started)
    done = db.rows("SELECT part, lane FROM lane WHERE run = $1", run)
    as_of = read_plan(found, stored).as_of
    return OpenRun(run_id=found, as_of=as_of, resumed=resumed, done=frozenset((part, lane) for part, lane in done))


def close(db: Database, run_id: str, state: str, report: Mapping[str, Any]) -> None:
    """Note how a run ended; one that finished stays so, whatever a second resumer says."""
    if state not in {"finished", "interrupted"}:
        raise StoreError(f"A run cannot be closed as {state!r}; expected 'finished' or 'interrupted'.")
    run = find(db, run_id)
    db.rows(
        """UPDATE run SET state = $1, report = $2, finished_at = CASE WHEN $1 = 'finished' THEN $3::bigint END
        WHERE run = $4 AND state != 'finished'""",
        state,
        msgspec.json.encode(report, enc_hook=str).decode(),
        microseconds(datetime.now(UTC)),
        run,
    )
    db.rows("DELETE FROM owner WHERE run = $1", run)


def list_runs(db: Database, run_id: str | None = None) -> list[RunEntry]:
    """Tell of the runs, newest first, or of one."""
    if run_id is None:
        return [_entry(db, row) for row in db.rows(f"{_ENTRY} ORDER BY run DESC")]
    return [_entry(db, row) for row in db.rows(f"{_ENTRY} WHERE run_id = $1", run_id)]


def resolved(db: Database, beginning: str) -> str:
    """Give the id of the run that begins so."""
    run_ids = [run_id for (run_id,) in db.rows("SELECT run_id FROM run ORDER BY run DESC")]
    return find_run_id(beginning, run_ids)


def find(db: Database, run_id: str) -> int:
    """Give the number of a run."""
    found = db.one("SELECT run FROM run WHERE run_id = $1", run_id)
    if found is None:
        raise UnknownNameError(f"No run {run_id!r} in the store; expected one that was opened in it.")
    return int(found[0])


def greatest_seq(db: Database, run: int | None) -> int:
    """Give the seq of the newest lane (of a run), 0 where there is none."""
    query = "SELECT coalesce(max(seq), 0)::bigint FROM lane"
    ((seq,),) = db.rows(query) if run is None else db.rows(f"{query} WHERE run = $1", run)
    return int(seq)


def used_bytes(db: Database) -> int:
    """Give the bytes of the store's tables with their indexes."""
    query = """SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'"""
    ((size,),) = db.rows(query, db.address.schema)
    return int(size)


def active_digests(db: Database) -> dict[str, str]:
    """Give the digest under which each version was first stored as active, by key."""
    query = "SELECT m.name || '@' || m.version, d.digest FROM active_digest d JOIN model m ON m.model = d.model"
    return {str(key): str(digest) for key, digest in db.rows(query)}


def _begun(db: Database, own: str) -> Iterator[Begun]:
    for run_id, state, plan in db.rows("SELECT run_id, state, plan FROM run WHERE run_id != $1 ORDER BY run DESC", own):
        yield Begun(run_id=run_id, finished=state == "finished", plan=read_plan(run_id, plan))


def _entry(db: Database, row: tuple[Any, ...]) -> RunEntry:
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


def _abandoned(db: Database, run: int) -> bool:
    """Tell whether all processes that had a run open are gone."""
    owners = db.rows("SELECT host, pid, started FROM owner WHERE run = $1", run)
    return all(is_gone(Owner(host=host, pid=pid, started=started)) for host, pid, started in owners)


def _counts(db: Database, run: int, plan: RunPlan) -> dict[str, dict[str, int]]:
    query = """SELECT m.name || '@' || m.version, o.name, t.results FROM tally t
        JOIN model m ON m.model = t.model JOIN outcome o ON o.outcome = t.outcome
        WHERE t.run = $1 ORDER BY t.outcome"""
    counts: dict[str, dict[str, int]] = {model.key: {} for model in plan.models}
    for key, outcome, results in db.rows(query, run):
        counts.setdefault(key, {})[outcome] = results
    return {key: counted for key, counted in counts.items() if counted}
