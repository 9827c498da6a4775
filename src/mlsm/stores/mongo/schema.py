"""What lies where in the database; its collections begin with `mlsm_`, so that it may have others.

- `mlsm_results`: one document a record and lane of a part, with an array of results. Its `_id`
  is the number of the write that brought it, and the row.
- `mlsm_lanes`: the note of a committed lane; its `_id` is the seq. This document is the commit
  point: results whose write has no note are invisible to every read.
- `mlsm_rejects`, `mlsm_inputs`: what a part's first lane brought besides, numbered likewise.
- `mlsm_runs`, `mlsm_rosters`: runs, and lists of model versions with their statuses.
- `mlsm_tombstones`: keyed hashes of the ids of those who were forgotten.
- `mlsm_pending`: writes and removals under way, or broken off.
- `mlsm_store`: the version, and the counters of writes and of documents that they began.

No transaction and nothing else that a standalone server lacks is used. How that holds:

- *One writer a lane.* Each attempt to write a lane takes a number of its own from a counter and
  brings its documents under it, so that sending them again is harmless and two attempts never
  mix. The note is inserted last; a unique index on run, part and lane lets one in.
- *No late lower seq.* A note is inserted under the greatest seq plus one. If another writer was
  quicker, the unique `_id` refuses it, and the next number is tried: the number N is taken only
  by who has seen N - 1 taken.
- *Who is forgotten stays so.* The tombstone is written before anything is removed; a writer looks
  at the tombstones once more between its documents and its note. So either the writer sees the
  tombstone, or the removal finds the documents.
- *Nothing is told before it is on disk*: each write is answered when it is in the journal (of a replica
  set, of most members), so that a server that is killed takes no document from under its note. The
  documents of a large part are sent without waiting; one write after them is waited for, and they are
  counted then, before the note.
- *No slower for a long history.* Documents bear the number of a volume, which the index on records begins
  with, and those of a part go in by their ids: `volumes.py` tells why. What is read of a part is put in
  order by its rows.
- *Counts* are kept by each note alone and found again by counting what lies there, so that a
  removal that was broken off can be taken up.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure

from mlsm.errors import StoreVersionError

__all__ = ["SPLIT", "Db", "Document", "prepare", "version"]

Document: TypeAlias = dict[str, Any]
Db: TypeAlias = Database[Document]
SPLIT = 2
"""The first version whose documents bear a volume."""
_NO_SUCH_INDEX = 27
_POINTER = [
    ("record_id", ASCENDING),
    ("purpose", ASCENDING),
    ("as_of_us", DESCENDING),
    # With these two, who looks for what is current reads the index alone.
    ("roster", ASCENDING),
    ("_id", ASCENDING),
]


def _first(db: Db) -> None:
    db.mlsm_results.create_index(_POINTER, name="record")
    db.mlsm_rejects.create_index("record_id", name="record")
    lanes = db.mlsm_lanes
    part = [("run_id", ASCENDING), ("part", ASCENDING)]
    lanes.create_index([*part, ("lane", ASCENDING)], name="part", unique=True)
    lanes.create_index(part, name="first", unique=True, partialFilterExpression={"first": True})
    lanes.create_index("write", name="write", unique=True)
    lanes.create_index([("digests.key", ASCENDING), ("digests.digest", ASCENDING)], name="digest")
    db.mlsm_runs.create_index("number", name="number", unique=True)
    db.mlsm_rosters.create_index("text", name="text", unique=True)


def _second(db: Db) -> None:
    db.mlsm_results.update_many({"volume": {"$exists": False}}, {"$set": {"volume": 0}})
    db.mlsm_results.create_index([("volume", ASCENDING), *_POINTER], name="volume")
    try:
        db.mlsm_results.drop_index("record")
    except OperationFailure as error:
        if error.code != _NO_SUCH_INDEX:
            raise


MIGRATIONS: tuple[Callable[[Db], None], ...] = (_first, _second)
"""What leads from version n to n + 1; each may be run again after it was broken off. Append only."""


def version(db: Db, url: str) -> int:
    """Tell the version of the store, 0 where there is none.

    Raises:
        StoreVersionError: it is newer than this program.
    """
    found = db.mlsm_store.find_one({"_id": "store"})
    number = 0 if found is None else int(found.get("version", 0))
    if number > len(MIGRATIONS):
        raise StoreVersionError(
            f"The store {url!r} has version {number}; this mlsm reads versions up to {len(MIGRATIONS)}.",
            hint="Install the mlsm that wrote it, or a newer one.",
        )
    return number


def prepare(db: Db, url: str) -> None:
    """Bring the store to the newest version; make it where there is none."""
    for number in range(version(db, url), len(MIGRATIONS)):
        MIGRATIONS[number](db)
        same = {"_id": "store"}
        # Of two that make it at once one is told so.
        with suppress(DuplicateKeyError):
            db.mlsm_store.update_one(same, {"$setOnInsert": {"version": 0, "writes": 0}}, upsert=True)
        db.mlsm_store.update_one(same, {"$max": {"version": number + 1}})
