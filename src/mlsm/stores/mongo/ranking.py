"""The rule of what is current, in one place.

A pointer is what the index on records tells of a document. Of each roster (a list of model
versions with their statuses) the newest pointer counts, by (as_of, seq); a model version, or
for the score a name seated as active, may sit in several rosters: the newest decides. Where
one lane seats two active versions of a name, the later in the catalog decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from mlsm.errors import StoreError
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.notes import Note, Notes, Seat
from mlsm.stores.mongo.schema import Document
from mlsm.stores.mongo.volumes import ANY, Volumes

__all__ = ["Newest", "Pointer", "Rule", "Seats", "newest", "newest_among", "page_end", "pointers_of", "ranked", "read"]

Rule = Literal["score", "current"]
Seats = Mapping[int, Sequence[Seat]]
_TOLD: Document = {"record_id": 1, "as_of_us": 1, "roster": 1}
_AHEAD = 3
"""Pointers of a roster of which the notes are asked for at once."""
_FEWEST = 512
"""Pointers of a volume that are looked at for one page at least."""
_NEWEST: Document = {
    "$group": {
        "_id": {"record_id": "$record_id", "roster": "$roster"},
        "greatest": {"$max": {"as_of": "$as_of_us", "id": "$_id"}},
        # Of those with the greatest clock the least id: another one where several have that clock.
        "least": {"$min": {"before": {"$subtract": [0, "$as_of_us"]}, "id": "$_id"}},
    }
}


class Pointer(NamedTuple):
    """A document of a record; it may belong to a write that was never committed."""

    record_id: str
    as_of: int
    roster: int
    write: int
    row: int


Newest: TypeAlias = dict[int, tuple[Pointer, Note]]
"""Of each roster the newest committed pointer of one record."""


def pointers_of(server: Server, record_ids: Sequence[str], but: Iterable[int] = ()) -> dict[str, list[Pointer]]:
    """Give the pointers to live documents of some records, but for those of some rosters."""
    found: dict[str, list[Pointer]] = {}
    others = sorted(but)
    for start in range(0, len(record_ids), 1024):
        wanted = {"$in": list(record_ids[start : start + 1024])}
        condition: Document = {**ANY, "record_id": wanted, "purpose": "live"}
        if others:
            condition["roster"] = {"$nin": others}
        for pointer in read(server.find("mlsm_results", condition, shown=_TOLD)):
            found.setdefault(pointer.record_id, []).append(pointer)
    return found


def newest_among(server: Server, records: Document, notes: Notes) -> dict[str, Newest]:
    """Give of some records what `newest` gives of each; the server looks through their history.

    Args:
        server: the store.
        records: the condition on `record_id`.
        notes: the moment as of which it is told.
    """
    volumes = notes.volumes()
    match = {**volumes.whole, "record_id": records, "purpose": "live", **notes.only_committed()}
    rows = server.aggregate("mlsm_results", [{"$match": match}, _NEWEST], hint=volumes.index)
    told = notes.among({row["greatest"]["id"]["write"] for row in rows})
    found: dict[str, Newest] = {}
    unsure = set()
    for row in rows:
        key, greatest = row["_id"], row["greatest"]
        write = greatest["id"]["write"]
        if greatest["id"] != row["least"]["id"] or write not in told:
            unsure.add(key["record_id"])
            continue
        pointer = Pointer(key["record_id"], greatest["as_of"], key["roster"], write, greatest["id"]["row"])
        found.setdefault(pointer.record_id, {})[pointer.roster] = (pointer, told[write])
    if unsure:
        # Several with one clock, of which the seq decides; or a write that began or ended meanwhile.
        for record_id, own in pointers_of(server, sorted(unsure)).items():
            found[record_id] = newest(own, notes)
    return found


def page_end(server: Server, volumes: Volumes, after: str | None, most: int) -> str | None:
    """Give the id up to which no more than about so many pointers come after an id; None where none comes later."""
    condition: Document = {"purpose": "live", "record_id": {"$gte": ""} if after is None else {"$gt": after}}
    order = [("record_id", 1), ("purpose", 1), ("as_of_us", -1)]
    asked: dict[str, Any] = {"sort": order, "limit": 1, "skip": max(most // len(volumes.each), _FEWEST)}
    ends = []
    for volume in volumes.each:
        found = server.find("mlsm_results", {**volume, **condition}, shown={"_id": 0, "record_id": 1}, **asked)
        ends += [one["record_id"] for one in found]
    return min(ends, default=None)


def newest(pointers: Iterable[Pointer], notes: Notes) -> Newest:
    """Give of each roster the newest committed pointer of one record."""
    by_roster: dict[int, list[Pointer]] = {}
    for pointer in pointers:
        by_roster.setdefault(pointer.roster, []).append(pointer)
    found = {}
    waiting = {roster: sorted(own, key=lambda one: -one.as_of) for roster, own in by_roster.items()}
    while waiting:
        told = notes.among({one.write for own in waiting.values() for one in _first(own)})
        for roster, own in list(waiting.items()):
            first = _first(own)
            committed = [(one.as_of, told[one.write].seq, one) for one in first if one.write in told]
            rest = own[len(first) :]
            if committed:
                _, _, best = max(committed)
                found[roster] = (best, told[best.write])
            if committed or not rest:
                del waiting[roster]
            else:
                waiting[roster] = rest
    return found


def ranked(found: Newest, seats: Seats, rule: Rule) -> list[tuple[Pointer, int]]:
    """Give what is current of one record: pointers and places, by name and then the newest first.

    Raises:
        StoreError: a list of models is not there.
    """
    best: dict[tuple[str, str], tuple[int, int, int, Pointer]] = {}
    for roster, (pointer, note) in found.items():
        own = seats.get(roster)
        if own is None:
            raise StoreError(
                f"Could not read the list of models {roster} in the store: it is not there.",
                hint="Somebody changed the store: `mlsm store check` tells of which run it is; replace the store by a"
                " copy of it.",
            )
        for place, seat in enumerate(own):
            if rule == "score" and seat.status != "active":
                continue
            each = (seat.model, "" if rule == "score" else seat.version)
            candidate = (pointer.as_of, note.seq, place, pointer)
            if each not in best or candidate[:3] > best[each][:3]:
                best[each] = candidate
    ordered = sorted(best.items(), key=lambda one: (one[0][0], -one[1][0], -one[1][1], one[1][2]))
    return [(pointer, place) for _, (_, _, place, pointer) in ordered]


def read(documents: Iterable[Document]) -> Iterator[Pointer]:
    """Read the pointers to documents."""
    for document in documents:
        number = document["_id"]
        yield Pointer(document["record_id"], document["as_of_us"], document["roster"], number["write"], number["row"])


def _first(own: Sequence[Pointer]) -> Sequence[Pointer]:
    """Give the first few, and all that have the clock of the last of them."""
    stop = min(_AHEAD, len(own))
    while stop < len(own) and own[stop].as_of == own[stop - 1].as_of:
        stop += 1
    return own[:stop]
