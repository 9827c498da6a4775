"""What is old goes, save what some answer of now needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from mlsm.contracts import Pruned
from mlsm.stores.mongo.best import good_results
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.forgetting import cut_inputs
from mlsm.stores.mongo.notes import Notes, of_write, rosters
from mlsm.stores.mongo.ranking import Rule, newest, pointers_of, ranked
from mlsm.stores.mongo.schema import Document
from mlsm.stores.mongo.settling import begin, end, settle
from mlsm.stores.mongo.times import microseconds

__all__ = ["prune"]

_RULES: tuple[Rule, ...] = ("score", "current")
_RECORDS = 4096


def prune(server: Server, keep_runs: int | None, before: datetime | None) -> Pruned:
    """Remove old results, part by part; broken off, it has removed some and is right so far."""
    runs = server.find("mlsm_runs", {}, sort=[("number", -1)], shown={"state": 1, "reads_inputs": 1})
    young = {run["_id"] for run in runs[:keep_runs]} if keep_runs is not None else set()
    unfinished = {run["_id"] for run in runs if run["state"] != "finished" and run["reads_inputs"]}
    condition: Document = {"first": True, "run_id": {"$nin": sorted(young | unfinished)}}
    if before is not None:
        condition["scored_at_us"] = {"$lt": microseconds(before)}
    touched, results, rejects = set(), 0, 0
    for first in server.find("mlsm_lanes", condition, shown={"run_id": 1, "part": 1}, sort=[("_id", 1)]):
        removed = _prune_part(server, {"run_id": first["run_id"], "part": first["part"]})
        results, rejects = results + removed[0], rejects + removed[1]
        if any(removed):
            touched.add(first["run_id"])
    return Pruned(runs=len(touched), results=results, rejects=rejects)


def _prune_part(server: Server, part: Document) -> tuple[int, int]:
    """Remove what nobody needs of a part; give how many results and rejects."""
    writes = [lane["write"] for lane in server.find("mlsm_lanes", part, shown={"write": 1})]
    documents = [
        document
        for write in writes
        for document in server.find("mlsm_results", of_write(write), shown={"record_id": 1, "results.model": 1})
    ]
    rejects = [one["_id"] for write in writes for one in server.find("mlsm_rejects", of_write(write), shown={"_id": 1})]
    inputs = any(server.find("mlsm_inputs", of_write(write), limit=1, shown={"_id": 1}) for write in writes)
    if not (documents or rejects or inputs):
        return 0, 0
    needed = _needed(server, sorted({document["record_id"] for document in documents}), set(writes))
    gone = [document for document in documents if document["record_id"] not in needed]
    if not (gone or rejects or inputs):
        return 0, 0
    number = begin(server, {"writes": writes, "why": "prune"})
    server.delete_among("mlsm_results", [document["_id"] for document in gone])
    server.delete_among("mlsm_rejects", rejects)
    for write in writes:
        cut_inputs(server, write, lambda frame: frame.filter(pl.col("record_id").is_in(needed)))
        if not needed:
            server.delete("mlsm_inputs", of_write(write))
    settle(server, writes, "prune")
    end(server, number)
    return sum(len(document["results"]) for document in gone), len(rejects)


def _needed(server: Server, record_ids: Sequence[str], writes: set[int]) -> set[str]:
    """Name the records of which an answer of now lies in one of some writes."""
    seats, notes = rosters(server), Notes(server)
    needed = set()
    for start in range(0, len(record_ids), _RECORDS):
        some = record_ids[start : start + _RECORDS]
        found = pointers_of(server, some)
        notes.among({one.write for own in found.values() for one in own})
        for record_id, own in found.items():
            of_roster = newest(own, notes)
            if any(pointer.write in writes for rule in _RULES for pointer, _ in ranked(of_roster, seats, rule)):
                needed.add(record_id)
        good = good_results(server, None, [one for one in some if one not in needed], notes)
        needed |= {record_id for (record_id, _), (pointer, *_) in good.items() if pointer.write in writes}
    return needed
