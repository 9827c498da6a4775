"""The rule of what is current, in one place.

A pointer is what the index on records tells of a document. Of each roster (a list of model
versions with their statuses) the newest pointer counts, by (as_of, seq); a model version, or
for the score a name seated as active, may sit in several rosters: the newest decides. Where
one lane seats two active versions of a name, the later in the catalog decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.notes import Note, Notes, Seat
from mlsm.stores.mongo.schema import Document

__all__ = ["Pointer", "Rule", "Seats", "newest", "pointers_of", "pointers_page", "ranked"]

Rule = Literal["score", "current"]
Seats = Mapping[int, Sequence[Seat]]
_TOLD: Document = {"record_id": 1, "as_of_us": 1, "roster": 1}
_AHEAD = 3
"""Pointers of a roster of which the notes are asked for at once."""


class Pointer(NamedTuple):
    """A document of a record; it may belong to a write that was never committed."""

    record_id: str
    as_of: int
    roster: int
    write: int
    row: int


def pointers_of(server: Server, record_ids: Sequence[str]) -> dict[str, list[Pointer]]:
    """Give the pointers to live documents of some records."""
    found: dict[str, list[Pointer]] = {}
    for start in range(0, len(record_ids), 1024):
        condition = {"record_id": {"$in": list(record_ids[start : start + 1024])}, "purpose": "live"}
        for pointer in _read(server.find("mlsm_results", condition, shown=_TOLD)):
            found.setdefault(pointer.record_id, []).append(pointer)
    return found


def pointers_page(server: Server, after: str | None, most: int) -> tuple[dict[str, list[Pointer]], bool]:
    """Give the pointers of the records that come after an id, by id; and whether that was the rest."""
    condition: Document = {"purpose": "live", "record_id": {"$gt": after} if after is not None else {"$exists": True}}
    order = [("record_id", 1), ("purpose", 1), ("as_of_us", -1)]
    found: dict[str, list[Pointer]] = {}
    documents = server.find("mlsm_results", condition, sort=order, limit=most, shown=_TOLD)
    for pointer in _read(documents):
        found.setdefault(pointer.record_id, []).append(pointer)
    if len(documents) < most:
        return found, True
    if len(found) == 1:
        return pointers_page(server, after, 4 * most)
    # The last may have been cut off.
    found.popitem()
    return found, False


def newest(pointers: Iterable[Pointer], notes: Notes) -> dict[int, tuple[Pointer, Note]]:
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


def ranked(found: Mapping[int, tuple[Pointer, Note]], seats: Seats, rule: Rule) -> list[tuple[Pointer, int]]:
    """Give what is current of one record: pointers and places, by name and then the newest first."""
    best: dict[tuple[str, str], tuple[int, int, int, Pointer]] = {}
    for roster, (pointer, note) in found.items():
        for place, seat in enumerate(seats[roster]):
            if rule == "score" and seat.status != "active":
                continue
            each = (seat.model, "" if rule == "score" else seat.version)
            candidate = (pointer.as_of, note.seq, place, pointer)
            if each not in best or candidate[:3] > best[each][:3]:
                best[each] = candidate
    ordered = sorted(best.items(), key=lambda one: (one[0][0], -one[1][0], -one[1][1], one[1][2]))
    return [(pointer, place) for _, (_, _, place, pointer) in ordered]


def _read(documents: Iterable[Document]) -> Iterator[Pointer]:
    for document in documents:
        number = document["_id"]
        yield Pointer(document["record_id"], document["as_of_us"], document["roster"], number["write"], number["row"])


def _first(own: Sequence[Pointer]) -> Sequence[Pointer]:
    """Give the first few, and all that have the clock of the last of them."""
    stop = min(_AHEAD, len(own))
    while stop < len(own) and own[stop].as_of == own[stop - 1].as_of:
        stop += 1
    return own[:stop]
