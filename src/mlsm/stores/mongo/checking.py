"""Whether all that is stored adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from mlsm.stores._faults import block_faults
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.forgetting import tombstones
from mlsm.stores.mongo.notes import of_write
from mlsm.stores.mongo.schema import SPLIT, Document
from mlsm.stores.mongo.volumes import volume_at

__all__ = ["faults"]

_SHARED = ("purpose", "as_of_us", "roster")
"""What results repeat of their lane's note, for the index."""


def faults(server: Server) -> Iterator[str]:
    """Tell what does not add up, a sentence each."""
    notes = {note["write"]: note for note in server.find("mlsm_lanes", {})}
    runs = {run["_id"] for run in server.find("mlsm_runs", {}, shown={"_id": 1})}
    pending = server.find("mlsm_pending", {})
    under_way = {one["_id"] for one in pending} | {write for one in pending for write in one.get("writes", ())}
    seqs = sorted(note["_id"] for note in notes.values())
    if seqs != list(range(1, len(seqs) + 1)):
        yield f"Of {seqs[-1] if seqs else 0} committed lanes {len(seqs)} have a note."
    for note in notes.values():
        if note["run_id"] not in runs:
            yield f"Lane {note['_id']} belongs to no run."
        if note["write"] not in under_way:
            yield from _counts(server, note)
    firsts = Counter((note["run_id"], note["part"]) for note in notes.values() if note["first"])
    for part in {(note["run_id"], note["part"]) for note in notes.values()}:
        if firsts[part] != 1:
            yield f"Part {part[1]} of run {part[0]!r} has {firsts[part]} first lanes."
    for collection in ("mlsm_results", "mlsm_rejects", "mlsm_inputs"):
        yield from _strays(server, collection, notes, under_way)
    yield from _damaged(server, notes)
    yield from _twice(server)
    yield from _beyond(server)
    yield from _returned(server)


def _counts(server: Server, note: Document) -> Iterator[str]:
    """Compare what a note counts with what lies there."""
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


def _strays(server: Server, collection: str, notes: Mapping[int, Document], under_way: set[int]) -> Iterator[str]:
    """Tell of documents of no lane, and of results that say otherwise than its note what decides which is current."""
    results = collection == "mlsm_results"
    key = {"write": "$_id.write", **({name: f"${name}" for name in _SHARED} if results else {})}
    lost, others = 0, Counter[int]()
    for found in server.aggregate(collection, [{"$group": {"_id": key, "documents": {"$sum": 1}}}]):
        said = found["_id"]
        note = notes.get(said.get("write"))
        if note is not None and (results or note["first"]):
            if results and any(said.get(name) != note[name] for name in _SHARED):
                others[note["write"]] += found["documents"]
        elif said.get("write") not in under_way:
            lost += found["documents"]
    if lost:
        yield f"There are {lost} documents in {collection!r} of no committed lane, and none is under way."
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


def _returned(server: Server) -> Iterator[str]:
    stones = tombstones(server)
    found = 0
    if stones.marks:
        for collection in ("mlsm_results", "mlsm_rejects"):
            ids = server.aggregate(collection, [{"$group": {"_id": "$record_id"}}])
            found += sum(stones.among(one["_id"] for one in ids))
    if found:
        yield f"There are {found} ids of people who were forgotten."
