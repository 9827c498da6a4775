"""What is current of many records, without a look at all of their history where that can be.

The server finds the newest document of each record and volume by leaps through the index,
however many are older; the newest of those is the newest of the record. That one alone decides
where its roster has whatever any roster could add, where it is committed, and where no other
result of the record can have its clock. All other records are asked about as `newest_among` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.notes import Notes
from mlsm.stores.mongo.ranking import Newest, Pointer, Rule, Seats, newest_among
from mlsm.stores.mongo.schema import Document

__all__ = ["Sweep"]

_ORDER = {"record_id": 1, "purpose": 1, "as_of_us": -1, "roster": 1, "_id": 1}
_FIRST: Document = {
    "$group": {
        "_id": "$record_id",
        "as_of": {"$first": "$as_of_us"},
        "roster": {"$first": "$roster"},
        "id": {"$first": "$_id"},
    }
}
_AT_ONCE = 4096


@dataclass(slots=True)
class Sweep:
    """Finds the newest pointers of records, page by page, as of one moment."""

    server: Server
    notes: Notes
    seats: Seats
    rule: Rule
    _decisive: frozenset[int] | None = None
    _shared: frozenset[int] = field(default_factory=frozenset)

    def newest(self, records: Document) -> dict[str, Newest]:
        """Give of the records that meet a condition on their id what decides what is current of them."""
        if self._decisive is None:
            self._decisive = _decisive(self.seats, self.rule)
            self._shared = _shared(self.server) if self._decisive else frozenset()
        if not self._decisive:
            return newest_among(self.server, records, self.notes)
        rows = self._first(records)
        told = self.notes.among({row["id"]["write"] for row in rows})
        found: dict[str, Newest] = {}
        others = []
        for row in rows:
            note = told.get(row["id"]["write"])
            if note is None or row["roster"] not in self._decisive or row["as_of"] in self._shared:
                others.append(row["_id"])
                continue
            pointer = Pointer(row["_id"], row["as_of"], row["roster"], row["id"]["write"], row["id"]["row"])
            found[pointer.record_id] = {pointer.roster: (pointer, note)}
        for start in range(0, len(others), _AT_ONCE):
            found |= newest_among(self.server, {"$in": others[start : start + _AT_ONCE]}, self.notes)
        return found

    def _first(self, records: Document) -> Sequence[Document]:
        """Find the newest pointer of each record: of each volume first, then among those."""
        volumes = self.notes.volumes()
        first: dict[str, Document] = {}
        for volume in volumes.each:
            condition = {**volume, "record_id": records, "purpose": "live"}
            pipeline: list[Document] = [{"$match": condition}, {"$sort": _ORDER}, _FIRST]
            for row in self.server.aggregate("mlsm_results", pipeline, hint=volumes.index):
                if row["as_of"] > first.setdefault(row["_id"], row)["as_of"]:
                    first[row["_id"]] = row
        return list(first.values())


def _decisive(seats: Seats, rule: Rule) -> frozenset[int]:
    """Name the rosters to which no other could add a name, or a model version."""
    kinds = {
        roster: {
            (seat.model, "" if rule == "score" else seat.version)
            for seat in own
            if rule == "current" or seat.status == "active"
        }
        for roster, own in seats.items()
    }
    every = set().union(*kinds.values())
    return frozenset(roster for roster, own in kinds.items() if own == every)


def _shared(server: Server) -> frozenset[int]:
    """Name the clocks that a record may have twice: of several runs, or of single records of one.

    The parts of a run's input have no record in common.
    """
    batches = {run["_id"] for run in server.find("mlsm_runs", {"reads_inputs": True}, shown={"_id": 1})}
    by_clock: list[Document] = [
        {"$match": {"purpose": "live"}},
        {"$group": {"_id": {"as_of": "$as_of_us", "run_id": "$run_id"}, "lanes": {"$sum": 1}}},
    ]
    seen: set[int] = set()
    shared: set[int] = set()
    for row in server.aggregate("mlsm_lanes", by_clock):
        as_of, run_id = row["_id"]["as_of"], row["_id"]["run_id"]
        if as_of in seen or (row["lanes"] > 1 and run_id not in batches):
            shared.add(as_of)
        seen.add(as_of)
    return frozenset(shared)
