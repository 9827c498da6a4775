"""The original's documents in MongoDB: one a record and run, the newest of a record first.

`_current` counts from the newest document of a record (0) to the oldest. New documents are
inserted before older ones are moved on, so that a crash at any moment leaves a record with
two current documents at worst, never with none; the next write of the record puts its
numbers right. Only what every server can do is asked for, and of `db` only what its
collections have always had: nothing of a driver is imported here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

__all__ = ["Documents"]

_RECORDS = 1000
"""Records that are written at once."""
_IDS = 10_000
"""Documents that are moved on by one statement."""


class Documents:
    """Writes the results of records into a collection, in bulk.

    Args:
        db: a pymongo database, or what behaves like one.
        collection: the name of the collection.
        identifier: the field that identifies a record.
    """

    def __init__(self, db: Any, collection: str, identifier: str) -> None:
        self._collection = db[collection]
        self._identifier = identifier
        self._waiting: dict[Any, dict[str, Any]] = {}
        self._ready = False

    def add(self, record: dict[str, Any]) -> None:
        """Take a record that has results; it is written with those that follow, or by `flush`."""
        document = {
            self._identifier: record[self._identifier],
            "_current": 0,
            "_timestamp": int(time.time()),
            "results": record["results"],
        }
        key = _key(document[self._identifier])
        if key in self._waiting or len(self._waiting) >= _RECORDS:
            self.flush()
        self._waiting[key] = document

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting = list(self._waiting.values()), {}
        if not waiting:
            return
        self._make_index()
        # Read before the insertion: what another writer inserts meanwhile is not moved on by this one.
        older = self._mended([document[self._identifier] for document in waiting])
        self._collection.insert_many(waiting)
        for start in range(0, len(older), _IDS):
            some = {"_id": {"$in": older[start : start + _IDS]}}
            self._collection.update_many(some, {"$inc": {"_current": 1}})

    def _make_index(self) -> None:
        if not self._ready:
            indexes = self._collection.index_information().values()
            if not any(index["key"][0][0] == self._identifier for index in indexes):
                self._collection.create_index([(self._identifier, 1)])
            self._ready = True

    def _mended(self, ids: Sequence[Any]) -> list[Any]:
        """Give the `_id`s of the older documents, after their numbers were put right."""
        shown = {self._identifier: 1, "_current": 1, "_timestamp": 1}
        found: dict[Any, list[dict[str, Any]]] = {}
        for document in self._collection.find({self._identifier: {"$in": list(ids)}}, shown):
            found.setdefault(_key(document[self._identifier]), []).append(document)
        for own in found.values():
            if {document.get("_current") for document in own} != set(range(len(own))):
                self._mend(own)
        return [document["_id"] for own in found.values() for document in own]

    def _mend(self, own: list[dict[str, Any]]) -> None:
        """Number the documents of a record anew, the newest first: it is current all the while."""
        own.sort(key=lambda document: (document.get("_timestamp") or 0, document["_id"]), reverse=True)
        # A crash leaves equal numbers, or gaps; the order that the numbers tell stays.
        own.sort(key=lambda document: document.get("_current") or 0)
        for number, document in enumerate(own):
            if document.get("_current") != number:
                self._collection.update_one({"_id": document["_id"]}, {"$set": {"_current": number}})


def _key(identifier: Any) -> tuple[bool, Any]:
    """Tell True from 1, as the database does."""
    return isinstance(identifier, bool), identifier
