"""Counts made right after something was removed, and what was broken off taken up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from bson.int64 import Int64
from pymongo import ReturnDocument

from mlsm.stores._owner import Owner, is_gone, this_process
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.notes import of_write
from mlsm.stores.mongo.schema import Document
from mlsm.stores.mongo.volumes import volume_at

__all__ = ["Taken", "begin", "end", "next_write", "purge", "recover", "settle"]

Why = Literal["forget", "prune"]


class Taken(NamedTuple):
    """The number of a write or a removal, and the volume of the documents that it brings."""

    number: int
    volume: int


def next_write(server: Server, documents: int = 0) -> Taken:
    """Take a number, for so many documents; one of which the answer is lost is never used."""
    server.prepare()
    more = {"writes": Int64(1), "documents": Int64(documents)}
    counted = server.call(
        lambda db: db.mlsm_store.find_one_and_update(
            {"_id": "store"}, {"$inc": more}, return_document=ReturnDocument.AFTER
        )
    )
    assert counted is not None  # noqa: S101 - the store was prepared
    return Taken(int(counted["writes"]), volume_at(counted["documents"]))


def begin(server: Server, what: Document, documents: int = 0) -> Taken:
    """Note what is about to be written or removed, before it is."""
    taken = next_write(server, documents)
    me = this_process()
    owner = {"host": me.host, "pid": me.pid, "started": me.started}
    server.insert("mlsm_pending", [{"_id": taken.number, "at": datetime.now(UTC), "owner": owner, **what}])
    return taken


def end(server: Server, number: int) -> None:
    """Note that it is done."""
    server.delete("mlsm_pending", {"_id": number})


def purge(server: Server, write: int, *, results: bool = True) -> None:
    """Remove what a write brought: all of it, or what a part's first lane alone may bring."""
    for collection in ("mlsm_results", "mlsm_rejects", "mlsm_inputs"):
        if results or collection != "mlsm_results":
            server.delete(collection, of_write(write))


def settle(server: Server, writes: Iterable[int], why: Why) -> None:
    """Count again what lies there of committed lanes.

    Args:
        server: the store.
        writes: the lanes, by the write that brought them; those without a note are passed over.
        why: after forgetting the counts become what is left; after pruning they stay, and the
            difference is noted.
    """
    for write in writes:
        while not _settled(server, write, why):
            pass


def recover(server: Server) -> None:
    """Take up removals that were broken off, and clear away writes that lost their lane or their process."""
    for pending in server.find("mlsm_pending", {}):
        number = pending["_id"]
        owner = Owner(**pending["owner"])
        if "run_id" not in pending:
            if is_gone(owner):
                settle(server, pending["writes"], pending["why"])
                end(server, number)
            continue
        key = {name: pending[name] for name in ("run_id", "part", "lane")}
        note = server.find("mlsm_lanes", key, shown={"write": 1, "first": 1})
        if not note:
            continue
        if note[0]["write"] != number:
            # This write can be committed no more.
            purge(server, number)
            end(server, number)
        elif is_gone(owner):
            if not note[0]["first"]:
                purge(server, number, results=False)
            settle(server, [number], "forget")
            end(server, number)


def _settled(server: Server, write: int, why: Why) -> bool:
    found = server.find("mlsm_lanes", {"write": write})
    if not found:
        return True
    note = found[0]
    held: Counter[tuple[str, str, str]] = Counter()
    by_model = {"model": "$results.model", "version": "$results.version", "outcome": "$results.outcome"}
    counting: list[Document] = [
        {"$match": of_write(write)},
        {"$unwind": "$results"},
        {"$group": {"_id": by_model, "results": {"$sum": 1}}},
    ]
    for one in server.aggregate("mlsm_results", counting):
        key = one["_id"]
        held[key["model"], key["version"], key["outcome"]] = one["results"]
    records, rejects = (server.count(name, of_write(write)) for name in ("mlsm_results", "mlsm_rejects"))
    changed: dict[str, Any] = {"counts": [_recounted(one, held, why) for one in note["counts"]]}
    if why == "forget":
        changed |= {"records": records + note["pruned_records"], "rejects": rejects + note["pruned_rejects"]}
    else:
        changed |= {"pruned_records": note["records"] - records, "pruned_rejects": note["rejects"] - rejects}
    # Another may have counted meanwhile, after it removed something: then this count is of before.
    same = {"write": write, "turn": note["turn"]}
    return server.update("mlsm_lanes", same, {"$set": changed, "$inc": {"turn": 1}})


def _recounted(one: Document, held: Counter[tuple[str, str, str]], why: Why) -> Document:
    left = held[one["model"], one["version"], one["outcome"]]
    if why == "forget":
        return {**one, "results": left + one["pruned"]}
    return {**one, "pruned": one["results"] - left}
