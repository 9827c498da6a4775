"""What is old goes, save what some answer of now needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from mlsm.contracts import Pruned
from mlsm.stores.mongo.best import good_results
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.forgetting import cut_inputs
from mlsm.stores.mongo.notes import Notes, of_write, rosters
from mlsm.stores.mongo.ranking import Rule, Seats, newest_among, ranked
from mlsm.stores.mongo.schema import Document
from mlsm.stores.mongo.settling import begin, end, settle
from mlsm.stores.mongo.times import microseconds

__all__ = ["prune"]

_RULES: tuple[Rule, ...] = ("score", "current")
_RECORDS, _MOST = 4096, 1_000_000
"""Records that are looked at together, and those that are remembered."""


def prune(server: Server, keep_runs: int | None, before: datetime | None) -> Pruned:
    """Remove old results, part by part; broken off, it has removed some and is right so far."""
    runs = server.find("mlsm_runs", {}, sort=[("number", -1)], shown={"state": 1, "reads_inputs": 1})
    young = {run["_id"] for run in runs[:keep_runs]} if keep_runs is not None else set()
    unfinished = {run["_id"] for run in runs if run["state"] != "finished" and run["reads_inputs"]}
    condition: Document = {"first": True, "run_id": {"$nin": sorted(young | unfinished)}}
    if before is not None:
        condition["scored_at_us"] = {"$lt": microseconds(before)}
    touched, results, rejects = set(), 0, 0
    needed = _Needed(server, Notes(server), rosters(server))
    for first in server.find("mlsm_lanes", condition, shown={"run_id": 1, "part": 1}, sort=[("_id", 1)]):
        removed = _prune_part(server, {"run_id": first["run_id"], "part": first["part"]}, needed)
        results, rejects = results + removed[0], rejects + removed[1]
        if any(removed):
            touched.add(first["run_id"])
    return Pruned(runs=len(touched), results=results, rejects=rejects)


def _prune_part(server: Server, part: Document, answers: _Needed) -> tuple[int, int]:
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
    needed = answers.among(sorted({document["record_id"] for document in documents}), set(writes))
    gone = [document for document in documents if document["record_id"] not in needed]
    if not (gone or rejects or inputs):
        return 0, 0
    number, _ = begin(server, {"writes": writes, "why": "prune"})
    server.delete_among("mlsm_results", [document["_id"] for document in gone])
    server.delete_among("mlsm_rejects", rejects)
    for write in writes:
        cut_inputs(server, write, lambda frame: frame.filter(pl.col("record_id").is_in(needed)))
        if not needed:
            server.delete("mlsm_inputs", of_write(write))
    settle(server, writes, "prune")
    end(server, number)
    return sum(len(document["results"]) for document in gone), len(rejects)


@dataclass(slots=True)
class _Needed:
    """Which writes the answers of now lie in, by record: found once, since what is removed changes none."""

    server: Server
    notes: Notes
    seats: Seats
    _writes: dict[str, frozenset[int]] = field(default_factory=dict)
    _same: dict[frozenset[int], frozenset[int]] = field(default_factory=dict)

    def among(self, record_ids: Sequence[str], writes: set[int]) -> set[str]:
        """Name the records of which an answer of now lies in one of some writes."""
        if len(self._writes) > _MOST:
            self._writes.clear()
        unknown = [record_id for record_id in record_ids if record_id not in self._writes]
        for start in range(0, len(unknown), _RECORDS):
            self._learn(unknown[start : start + _RECORDS])
        return {record_id for record_id in record_ids if not writes.isdisjoint(self._writes[record_id])}

    def _learn(self, record_ids: Sequence[str]) -> None:
        found: dict[str, set[int]] = {record_id: set() for record_id in record_ids}
        for record_id, of_roster in newest_among(self.server, {"$in": list(record_ids)}, self.notes).items():
            for rule in _RULES:
                found[record_id] |= {pointer.write for pointer, _ in ranked(of_roster, self.seats, rule)}
        for (record_id, _), (pointer, *_) in good_results(self.server, None, record_ids, self.notes).items():
            found[record_id].add(pointer.write)
        for record_id, own in found.items():
            whole = frozenset(own)
            # Most records have theirs in the same writes.
            self._writes[record_id] = self._same.setdefault(whole, whole)
