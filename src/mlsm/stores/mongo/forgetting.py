"""Who is forgotten: the tombstone first, then what goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from mlsm.contracts import Forgotten, Tombstones
from mlsm.stores._blocks import unblocked
from mlsm.stores._keeping import refuse_other_key
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.documents import input_documents
from mlsm.stores.mongo.notes import Notes, of_write
from mlsm.stores.mongo.settling import begin, end, settle
from mlsm.stores.mongo.volumes import ANY

__all__ = ["bury", "cut_inputs", "encodable", "forget", "lift", "remove_from", "tombstones"]


def tombstones(server: Server) -> Tombstones:
    """Read who was forgotten."""
    marks = [one["_id"] for one in server.find("mlsm_tombstones", {})]
    found = server.find("mlsm_store", {"_id": "store"}, shown={"key": 1})
    key = found[0].get("key", b"") if found else b""
    return Tombstones(key=bytes(key), marks=frozenset(bytes(mark) for mark in marks))


def bury(server: Server, others: Tombstones) -> None:
    """Take over the tombstones of another store."""
    refuse_other_key(tombstones(server), others)
    if others.key:
        refuse_other_key(Tombstones(key=_drawn(server, others.key)), others)
        server.insert("mlsm_tombstones", [{"_id": mark} for mark in others.marks])


def lift(server: Server, record_id: str) -> bool:
    """Remove a tombstone; tell whether there was one."""
    stones = tombstones(server)
    if not stones.key or stones.mark(record_id) not in stones.marks:
        return False
    server.delete("mlsm_tombstones", {"_id": stones.mark(record_id)})
    return True


def forget(server: Server, record_id: str) -> Forgotten:
    """Leave a tombstone, then remove the record."""
    stones = Tombstones(key=_drawn(server, Tombstones.new().key))
    server.insert("mlsm_tombstones", [{"_id": stones.mark(record_id)}])
    if not encodable(record_id):
        return Forgotten()
    results = server.find("mlsm_results", {**ANY, "record_id": record_id}, shown={"kept": 1, "results.model": 1})
    rejects = server.find("mlsm_rejects", {"record_id": record_id}, shown={"_id": 1})
    writes = sorted({document["_id"]["write"] for document in (*results, *rejects)})
    # Before anything goes it is noted where, so that counts can be made right by whoever comes next.
    number, _ = begin(server, {"writes": writes, "why": "forget"})
    notes = Notes(server).among(writes)
    inputs = 0
    for write in writes:
        inputs += remove_from(server, write, [record_id]) and int(write in notes)
    settle(server, writes, "forget")
    end(server, number)
    committed = [document for document in results if document["_id"]["write"] in notes]
    return Forgotten(
        results=sum(len(document["results"]) for document in committed),
        kept=sum(notes[d["_id"]["write"]].first and d.get("kept") is not None for d in committed),
        inputs=inputs,
        rejects=sum(document["_id"]["write"] in notes for document in rejects),
    )


def remove_from(server: Server, write: int, record_ids: Sequence[str | None]) -> int:
    """Remove records from what a write brought; tell whether its inputs had a row of one."""
    if not record_ids:
        return 0
    ids = [one for one in record_ids if one is not None]
    own = {**of_write(write), "record_id": {"$in": ids}}
    server.delete("mlsm_results", {**ANY, **own})
    server.delete("mlsm_rejects", own)
    return cut_inputs(server, write, lambda frame: frame.filter(~pl.col("record_id").is_in(ids)))


def cut_inputs(server: Server, write: int, cut: Callable[[pl.DataFrame], pl.DataFrame]) -> int:
    """Write the blocks of inputs anew of which some rows go; tell whether there were any."""
    changed = False
    for document in server.find("mlsm_inputs", of_write(write)):
        frame = unblocked(document.get("block"))
        left = cut(frame)
        if left.height < frame.height:
            changed = True
            (anew,) = input_documents(left, write)
            server.update("mlsm_inputs", {"_id": document["_id"]}, {"$set": {"block": anew["block"]}})
    return int(changed)


def encodable(text: str) -> bool:
    """Tell whether a text is valid Unicode: an id always is, a command line's argument may not be."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _drawn(server: Server, key: bytes) -> bytes:
    """Give the key of this store; the first that comes draws it."""
    server.prepare()
    server.update("mlsm_store", {"_id": "store", "key": {"$exists": False}}, {"$set": {"key": key}})
    return tombstones(server).key
