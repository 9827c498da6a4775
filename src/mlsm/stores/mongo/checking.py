"""Whether all that is stored adds up; what others write or remove meanwhile is looked at again, and is no fault."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping

from mlsm.contracts import Tombstones
from mlsm.stores._faults import block_faults
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.forgetting import tombstones
from mlsm.stores.mongo.notes import Seat, of_write, rosters
from mlsm.stores.mongo.schema import SPLIT, Document
from mlsm.stores.mongo.volumes import volume_at

__all__ = ["faults"]

_SHARED = ("purpose", "as_of_us", "roster")
"""What results repeat of their lane's note, for the index."""
_FORGETTING = 1.0
"""Seconds for which an id that was just forgotten may still be there: the tombstone comes first."""


def faults(server: Server) -> Iterator[str]:
    """Tell what does not add up, a sentence each."""
    stones = tombstones(server)
    notes = {note["write"]: note for note in server.find("mlsm_lanes", {})}
    seats = rosters(server)
    runs = {run["_id"] for run in server.find("mlsm_runs", {}, shown={"_id": 1})}
    seqs = sorted(note["_id"] for note in notes.values())
    if seqs != list(range(1, len(seqs) + 1)):
        yield f"Of {seqs[-1] if seqs else 0} committed lanes {len(seqs)} have a note."
    for note in notes.values():
        if note["run_id"] not in runs:
            yield f"Lane {note['_id']} belongs to no run."
        if seats.get(note["roster"]) != tuple(Seat(m["name"], m["version"], m["status"]) for m in note["models"]):
            yield f"Lane {note['_id']} of run {note['run_id']!r} names a list of models that is not there, or another."
        yield from _counts(server, note)
    firsts = Counter((note["run_id"], note["part"]) for note in notes.values() if note["first"])
    for part in {(note["run_id"], note["part"]) for note in notes.values()}:
        if firsts[part] != 1:
            yield f"Part {part[1]} of run {part[0]!r} has {firsts[part]} first lanes."
    for collection in ("mlsm_results", "mlsm_rejects", "mlsm_inputs"):
        yield from _strays(server, collection, notes)
    yield from _damaged(server, notes)
    yield from _twice(server)
    yield from _beyond(server)
    yield from _returned(server, stones)


def _under_way(server: Server) -> set[int]:
    """Name the writes of which something is written or removed now, or was until that was broken off."""
    pending = server.find("mlsm_pending", {})
    return {one["_id"] for one in pending} | {write for one in pending for write in one.get("writes", ())}


def _counts(server: Server, note: Document) -> Iterator[str]:
    """Compare what a note counts with what lies there, until no removal has come between the two."""
    while told := list(_counted(server, note)):
        if note["write"] in _under_way(server):
            return
        # Whoever removes something is under way until the note has changed.
        again = server.find("mlsm_lanes", {"_id": note["_id"]})
        if again in ([], [note]):
            yield from told
            return
        note = again[0]


def _counted(server: Server, note: Document) -> Iterator[str]:
    by = {"model": "$results.model", "version": "$results.version", "outcome": "$results.outcome"}
    counting: list[Document] = [
        {"$match": of_write(note["write"])},
        {"$unwind": "$results"},
        {"$group": {"_id": by, "results": {"$sum": 1}}},
    ]
    rows = server.aggregate("mlsm_results", counting)
    held = {(r["_id"]["model"], r["_id"]["version"], r["_id"]["outcome"]): r["results"] for r in rows}
    told = {
        (one["model"], one["version"], one["outcome"]): one["results"] - one["pruned"]
        for one in note["counts"]
        if one["results"] != one["pruned"]
    }
    if held != told:
        yield (
            f"Lane {note['_id']} of run {note['run_id']!r} counts {sum(told.values())} results;"
            f" it holds {sum(held.values())}, or others."
        )
    for collection, counted in (
        ("mlsm_results", note["records"] - note["pruned_records"]),
        ("mlsm_rejects", note["rejects"] - note["pruned_rejects"]),
    ):
        there = server.count(collection, of_write(note["write"]))
        if there != counted:
            yield f"Lane {note['_id']} counts {counted} documents in {collection!r}; it holds {there}."
    # Notes of older programs do not tell of inputs. Those of a part go when all of its records were pruned.
    brought = note.get("input_blocks", 0)
    if brought and note["records"] > note["pruned_records"]:
        blocks = server.count("mlsm_inputs", of_write(note["write"]))
        if blocks != brought:
            yield f"Lane {note['_id']} counts {brought} documents in 'mlsm_inputs'; it holds {blocks}."


def _strays(server: Server, collection: str, notes: Mapping[int, Document]) -> Iterator[str]:
    """Tell of documents of no lane, and of results that say otherwise than its note what decides which is current."""
    results = collection == "mlsm_results"
    key = {"write": "$_id.write", **({name: f"${name}" for name in _SHARED} if results else {})}
    lost, others = set[int](), Counter[int]()
    for found in server.aggregate(collection, [{"$group": {"_id": key, "documents": {"$sum": 1}}}]):
        said = found["_id"]
        note = notes.get(said.get("write"))
        if note is not None and (results or note["first"]):
            if results and any(said.get(name) != note[name] for name in _SHARED):
                others[note["write"]] += found["documents"]
        else:
            lost.add(said.get("write"))
    # What was begun meanwhile is under way before it has documents, and until it has a note, or none of them.
    lost = lost and lost - _under_way(server)
    committed = server.find_among("mlsm_lanes", "write", lost, shown={"write": 1, "first": 1})
    lost -= {note["write"] for note in committed if results or note["first"]}
    left = sum(server.count(collection, of_write(write)) for write in lost)
    if left:
        yield f"There are {left} documents in {collection!r} of no committed lane, and none is under way."
    for write, count in others.items():
        yield (
            f"Lane {notes[write]['_id']} of run {notes[write]['run_id']!r} has {count} documents in {collection!r} of"
            " another purpose, clock or list of models."
        )


def _damaged(server: Server, notes: Mapping[int, Document]) -> Iterator[str]:
    """Read the inputs, which the server itself cannot; a part at a time, since they are large."""
    for write, note in notes.items():
        for document in server.find("mlsm_inputs", of_write(write)) if note["first"] else ():
            yield from block_faults(note["run_id"], note["part"], document.get("block"))


def _twice(server: Server) -> Iterator[str]:
    same: list[Document] = [
        {"$group": {"_id": {"write": "$_id.write", "record_id": "$record_id"}, "documents": {"$sum": 1}}},
        {"$match": {"documents": {"$gt": 1}}},
        {"$count": "records"},
    ]
    for found in server.aggregate("mlsm_results", same):
        yield f"There are {found['records']} records twice in a lane."


def _beyond(server: Server) -> Iterator[str]:
    """Look for documents that a listing would not look at."""
    for store in server.find("mlsm_store", {"_id": "store", "version": {"$gte": SPLIT}}):
        newest = volume_at(store.get("documents", 0))
        found = server.count("mlsm_results", {"volume": {"$gt": newest}})
        if found:
            yield f"There are {found} documents in volumes after {newest}, which is the newest."


def _returned(server: Server, stones: Tombstones) -> Iterator[str]:
    found = 0
    for collection in ("mlsm_results", "mlsm_rejects") if stones.marks else ():
        ids = [one["_id"] for one in server.aggregate(collection, [{"$group": {"_id": "$record_id"}}])]
        gone = [one for one, forgotten in zip(ids, stones.among(ids), strict=True) if forgotten]
        until = time.monotonic() + _FORGETTING
        while (left := _still_there(server, collection, gone)) and time.monotonic() < until:
            time.sleep(_FORGETTING / 10)
        found += left
    if found:
        yield f"There are {found} ids of people who were forgotten."


def _still_there(server: Server, collection: str, record_ids: list[str]) -> int:
    """Count those of some ids that are in writes of which nothing is under way."""
    if not record_ids:
        return 0
    under_way = _under_way(server)
    there = server.find(collection, {"record_id": {"$in": record_ids}}, shown={"record_id": 1})
    return len({one["record_id"] for one in there if one["_id"]["write"] not in under_way})
