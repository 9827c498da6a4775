"""Results in bulk, as frames of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from mlsm.contracts import Reject, RunPlan, Selection
from mlsm.stores._blocks import unblocked
from mlsm.stores._selection import selected
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.forgetting import encodable
from mlsm.stores.mongo.frames import LONG, long_frame
from mlsm.stores.mongo.notes import Note, Notes, greatest_seq, of_write, read_note, rosters
from mlsm.stores.mongo.ranking import Newest, Pointer, Rule, Seats, page_end, ranked
from mlsm.stores.mongo.reading import documents_of
from mlsm.stores.mongo.schema import Document
from mlsm.stores.mongo.sweeping import Sweep
from mlsm.stores.mongo.volumes import ANY

__all__ = ["lane_documents", "list_changes", "list_current", "list_inputs", "list_rejects", "list_run"]

_TOLD: Document = {"record_id": 1, "kept": 1, "results": 1}
"""What a frame needs of a document; all the rest is told by its note."""
_POINTERS = 32_768
"""Pointers that are looked at for one frame of what is current."""


def list_current(server: Server, rule: Rule, selection: Selection) -> Iterator[pl.DataFrame]:
    """Yield what is current by a rule, as of one moment, by id and then by name."""
    upto = greatest_seq(server)
    if not upto:
        return
    seats = rosters(server)
    notes = Notes(server, upto=upto)
    current = _Current(server, Sweep(server, notes, seats, rule), seats, rule)
    if selection.record_ids is not None:
        ids = sorted({one for one in selection.record_ids if encodable(one)})
        frames = [current.frame({"$in": ids[start : start + 1024]}) for start in range(0, len(ids), 1024)]
        if frames:
            yield selected(pl.concat(frames), selection)
        return
    after, last = None, False
    while not last:
        end = page_end(server, notes.volumes(), after, _POINTERS)
        last = end is None
        records: Document = {"$gte": ""} if after is None else {"$gt": after}
        frame = selected(current.frame(records if last else {**records, "$lte": end}), selection)
        after = end
        if not frame.is_empty():
            yield frame


def list_run(
    server: Server, run_id: str, plan: RunPlan, selection: Selection, only: int | None = None
) -> Iterator[pl.DataFrame]:
    """Yield the results of a run, a frame a part, in the order of the input and of the catalog."""
    places = {model.key: place for place, model in enumerate(plan.models)}
    key = pl.format("{}@{}", "model", "version")
    place = key.replace_strict(places, default=len(places), return_dtype=pl.Int64)
    parts: dict[int, list[Note]] = {}
    condition: Document = {"run_id": run_id} if only is None else {"run_id": run_id, "part": only}
    for document in server.find("mlsm_lanes", condition, sort=[("part", 1), ("lane", 1)]):
        parts.setdefault(document["part"], []).append(read_note(document))
    for notes in parts.values():
        frames = []
        for note in notes:
            documents = lane_documents(server, note, selection)
            rows = [row for one in documents for row in [one["_id"]["row"]] * len(one["results"])]
            frame = long_frame(documents, {note.write: note})
            frames.append(frame.with_columns(pl.Series("row", rows, pl.Int64)))
        whole = pl.concat(frames).with_columns(place.alias("place")).sort("row", "place", maintain_order=True)
        yield selected(whole.select(LONG.keys()), selection)


def list_changes(server: Server, after: int) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield (seq, results) of the live lanes after a seq."""
    upto = greatest_seq(server)
    while after < upto:
        # A few notes at a time: a reader may take long over each.
        between = {"_id": {"$gt": after, "$lte": upto}}
        found = server.find("mlsm_lanes", between, sort=[("_id", 1)], limit=256)
        if not found:
            return
        for document in found:
            note = read_note(document)
            if note.purpose == "live":
                yield note.seq, long_frame(lane_documents(server, note), {note.write: note})
        after = found[-1]["_id"]


def list_rejects(server: Server, run_id: str) -> Iterator[Reject]:
    """Yield the rejects of a run, part by part."""
    for note in _first_lanes(server, run_id):
        for one in server.find("mlsm_rejects", of_write(note.write), sort=[("_id", 1)]):
            yield Reject(**{name: value for name, value in one.items() if name != "_id"})


def list_inputs(server: Server, run_id: str, record_id: str | None = None) -> Iterator[pl.DataFrame]:
    """Yield the kept inputs of a run, a frame a part; of one record where it is named."""
    for note in _first_lanes(server, run_id):
        blocks = server.find("mlsm_inputs", of_write(note.write), sort=[("_id", 1)])
        if blocks:
            frame = pl.concat([unblocked(block.get("block")) for block in blocks])
            own = frame if record_id is None else frame.filter(pl.col("record_id") == record_id)
            if record_id is None or own.height:
                yield own


def lane_documents(server: Server, note: Note, selection: Selection | None = None) -> list[Document]:
    """Read the documents of a lane, in the order of the input."""
    condition = of_write(note.write)
    if selection is not None and selection.record_ids is not None:
        condition |= {**ANY, "record_id": {"$in": [one for one in selection.record_ids if encodable(one)]}}
    found: list[Document] = server.find("mlsm_results", condition, sort=[("_id", 1)])
    return found


def _first_lanes(server: Server, run_id: str) -> list[Note]:
    found = server.find("mlsm_lanes", {"run_id": run_id, "first": True}, sort=[("part", 1)])
    return [read_note(document) for document in found]


@dataclass(slots=True)
class _Current:
    """What is current, of some records at a time."""

    server: Server
    sweep: Sweep
    seats: Seats
    rule: Rule
    _alone: dict[int, list[int]] = field(default_factory=dict)

    def frame(self, records: Document) -> pl.DataFrame:
        """Give what is current of the records that meet a condition on their id."""
        picked: list[tuple[Pointer, list[int]]] = []
        told: dict[int, Note] = {}
        for _, found in sorted(self.sweep.newest(records).items()):
            picked += self._places(found)
            told |= {pointer.write: note for pointer, note in found.values()}
        documents = documents_of(self.server, (pointer for pointer, _ in picked), _TOLD)
        there = [(pointer, places) for pointer, places in picked if (pointer.write, pointer.row) in documents]
        own = [documents[pointer.write, pointer.row] for pointer, _ in there]
        return long_frame(own, told, [places for _, places in there])

    def _places(self, found: Newest) -> list[tuple[Pointer, list[int]]]:
        if len(found) != 1:
            return [(pointer, [place]) for pointer, place in ranked(found, self.seats, self.rule)]
        # Nearly all records have results of one roster alone: its places are always the same.
        ((roster, (pointer, _)),) = found.items()
        if roster not in self._alone:
            self._alone[roster] = [place for _, place in ranked(found, self.seats, self.rule)]
        return [(pointer, self._alone[roster])] if self._alone[roster] else []
