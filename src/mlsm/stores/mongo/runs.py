"""Runs: begun, taken up, closed, told of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from pymongo.errors import DuplicateKeyError

from mlsm._result import Outcome
from mlsm.contracts import ModelEntry, OpenRun, RunEntry, RunPlan
from mlsm.errors import StoreError, UnknownNameError
from mlsm.stores._digests import refuse_changed_digests
from mlsm.stores._keeping import refuse_other_plan
from mlsm.stores._lookup import find_run_id
from mlsm.stores._owner import Owner, is_gone, this_process
from mlsm.stores._plans import read_plan, read_report
from mlsm.stores._resume import Begun, run_to_resume
from mlsm.stores._runid import new_run_id
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.schema import Db, Document
from mlsm.stores.mongo.times import moment, told

__all__ = ["active_digests", "adopt", "close", "insert_next", "list_runs", "open_or_resume", "plan_of", "resolved"]

_COUNTED = (
    {"$group": {
        "_id": {"run_id": "$run_id", "part": "$part"},
        "records": {"$sum": {"$cond": ["$first", "$records", 0]}},
        "forgotten": {"$sum": {"$cond": ["$first", {"$subtract": ["$brought", "$records"]}, 0]}},
        "rejects": {"$sum": "$rejects"},
        "pruned": {"$sum": {"$add": ["$pruned_rejects", {"$sum": "$counts.pruned"}]}},
    }},
    {"$group": {
        "_id": "$_id.run_id", "parts": {"$sum": 1}, "records": {"$sum": "$records"},
        "forgotten": {"$sum": "$forgotten"}, "rejects": {"$sum": "$rejects"}, "pruned": {"$sum": "$pruned"},
    }},
)  # fmt: skip
_TALLIED = (
    {"$unwind": "$counts"},
    {"$group": {
        "_id": {"run_id": "$run_id", "model": "$counts.model", "version": "$counts.version",
                "outcome": "$counts.outcome"},
        "results": {"$sum": "$counts.results"},
    }},
)  # fmt: skip
_ORDER = {outcome.value: outcome.code for outcome in Outcome}


def open_or_resume(server: Server, plan: RunPlan, *, resume: bool) -> OpenRun:
    """Begin a run, or take one up."""
    stored = server.find("mlsm_runs", {}, sort=[("number", -1)], shown={"state": 1, "plan": 1}) if resume else []
    begun = (
        Begun(run_id=run["_id"], finished=run["state"] == "finished", plan=read_plan(run["_id"], run["plan"]))
        for run in stored
    )
    run_id = run_to_resume(plan, begun) if resume else None
    refuse_changed_digests(active_digests(server, plan.models), plan.models)
    resumed = run_id is not None
    me = this_process()
    owner = {"host": me.host, "pid": me.pid, "started": me.started}
    if run_id is None:
        run_id = new_run_id()
        insert_next(server, "mlsm_runs", "number", {**_told(run_id, plan, datetime.now(UTC)), "owners": [owner]})
    taken = {"$set": {"state": "open", "report": "{}"}, "$addToSet": {"owners": owner}}
    server.update("mlsm_runs", {"_id": run_id}, taken)
    done = server.find("mlsm_lanes", {"run_id": run_id}, shown={"part": 1, "lane": 1})
    as_of = plan_of(server, run_id).as_of
    return OpenRun(
        run_id=run_id, as_of=as_of, resumed=resumed, done=frozenset((lane["part"], lane["lane"]) for lane in done)
    )


def close(server: Server, run_id: str, state: str, report: Mapping[str, Any]) -> None:
    """Note how a run ended; one that finished stays so, whatever a second resumer says."""
    if state not in {"finished", "interrupted"}:
        raise StoreError(f"A run cannot be closed as {state!r}; expected 'finished' or 'interrupted'.")
    plan_of(server, run_id)
    text = msgspec.json.encode(report, enc_hook=str).decode()
    said = {"state": state, "report": text, **told("finished_at", datetime.now(UTC) if state == "finished" else None)}
    server.update("mlsm_runs", {"_id": run_id, "state": {"$ne": "finished"}}, {"$set": said})
    server.update("mlsm_runs", {"_id": run_id}, {"$set": {"owners": []}})


def adopt(server: Server, entry: RunEntry) -> None:
    """Take over a run of another store, without its counts and owned by nobody."""
    there = server.find("mlsm_runs", {"_id": entry.run_id})
    if there:
        refuse_other_plan(entry, read_plan(entry.run_id, there[0]["plan"]))
        return
    insert_next(server, "mlsm_runs", "number", {
        **_told(entry.run_id, entry.plan, entry.started_at),
        "state": "interrupted" if entry.state == "open" else entry.state,
        **told("finished_at", entry.finished_at),
        "report": msgspec.json.encode(entry.report, enc_hook=str).decode(),
    })  # fmt: skip


def list_runs(server: Server, run_id: str | None = None) -> list[RunEntry]:
    """Tell of the runs, newest first, or of one."""
    condition: Document = {} if run_id is None else {"_id": run_id}
    of_run: list[Document] = [] if run_id is None else [{"$match": {"run_id": run_id}}]
    stored = server.find("mlsm_runs", condition, sort=[("number", -1)])
    counted = {one["_id"]: one for one in server.aggregate("mlsm_lanes", [*of_run, *_COUNTED])}
    tallied: dict[str, dict[str, dict[str, int]]] = {}
    rows = server.aggregate("mlsm_lanes", [*of_run, *_TALLIED])
    for one in sorted(rows, key=lambda one: _ORDER.get(one["_id"]["outcome"], 99)):
        key = one["_id"]
        if one["results"]:
            own = tallied.setdefault(key["run_id"], {}).setdefault(f"{key['model']}@{key['version']}", {})
            own[key["outcome"]] = one["results"]
    return [_entry(run, counted.get(run["_id"], {}), tallied.get(run["_id"], {})) for run in stored]


def resolved(server: Server, beginning: str) -> str:
    """Give the id of the run that begins so."""
    found = server.find("mlsm_runs", {}, sort=[("number", -1)], shown={"_id": 1})
    return find_run_id(beginning, [run["_id"] for run in found])


def plan_of(server: Server, run_id: str) -> RunPlan:
    """Give the plan of a run by its whole id."""
    found = server.find("mlsm_runs", {"_id": run_id}, shown={"plan": 1})
    if not found:
        raise UnknownNameError(f"No run {run_id!r} in the store; expected one that was opened in it.")
    return read_plan(run_id, found[0]["plan"])


def active_digests(server: Server, models: Iterable[ModelEntry]) -> dict[str, str]:
    """Give the digest under which versions were first stored as active, by key."""
    found = {}
    for model in models:
        condition = {"digests": {"$elemMatch": {"key": model.key}}}
        for lane in server.find("mlsm_lanes", condition, limit=1, shown={"digests": 1}):
            found[model.key] = next(one["digest"] for one in lane["digests"] if one["key"] == model.key)
    return found


def insert_next(server: Server, collection: str, key: str, document: Document) -> Document:
    """Insert a document under the next number; one that is there by another index is given back.

    The number is the greatest one plus one: who comes second is refused by a unique index,
    and takes the next.
    """

    def ask(db: Db) -> Document | None:
        found = db[collection].find_one(sort=[(key, -1)])
        numbered = {**document, key: 1 if found is None else found[key] + 1}
        try:
            db[collection].insert_one(numbered)
        except DuplicateKeyError as error:
            if key in (error.details or {}).get("keyPattern", {}):
                return None
            # An earlier try of this process, or another process, brought it.
            same = (error.details or {})["keyValue"]
            return db[collection].find_one(same)
        return numbered

    while (inserted := server.call(ask)) is None:
        pass
    return inserted


def _told(run_id: str, plan: RunPlan, started_at: datetime) -> Document:
    return {
        "_id": run_id,
        "purpose": plan.purpose,
        "state": "open",
        **told("started_at", started_at),
        **told("finished_at", None),
        "models": [{"name": m.name, "version": m.version, "status": m.status} for m in plan.models],
        "plan": msgspec.json.encode(plan).decode(),
        "reads_inputs": bool(plan.inputs),
        "report": "{}",
        "owners": [],
    }


def _entry(run: Document, counted: Document, tallied: dict[str, dict[str, int]]) -> RunEntry:
    plan = read_plan(run["_id"], run["plan"])
    order = {model.key: place for place, model in enumerate(plan.models)}
    owners = (Owner(host=one["host"], pid=one["pid"], started=one["started"]) for one in run["owners"])
    abandoned = run["state"] == "open" and all(is_gone(owner) for owner in owners)
    finished_at = run["finished_at_us"]
    return RunEntry(
        run_id=run["_id"],
        state="interrupted" if abandoned else run["state"],
        plan=plan,
        started_at=moment(run["started_at_us"]),
        finished_at=None if finished_at is None else moment(finished_at),
        parts_done=counted.get("parts", 0),
        records=counted.get("records", 0),
        rejects=counted.get("rejects", 0),
        counts={key: tallied[key] for key in sorted(tallied, key=lambda key: order.get(key, len(order)))},
        report=read_report(run["_id"], run["report"]),
        forgotten=counted.get("forgotten", 0),
        pruned=counted.get("pruned", 0),
    )
