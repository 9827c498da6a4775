"""The results of one record, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from mlsm._result import Result
from mlsm.contracts import HeldRow, Holdings
from mlsm.stores._blocks import unblocked
from mlsm.stores._held import input_values
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.forgetting import encodable
from mlsm.stores.mongo.frames import result_of
from mlsm.stores.mongo.notes import Note, Notes, of_write, seats_of
from mlsm.stores.mongo.ranking import Newest, Pointer, Rule, newest, pointers_of, ranked, read
from mlsm.stores.mongo.schema import Document
from mlsm.stores.mongo.volumes import ANY

__all__ = ["current_results", "documents_of", "held", "kept_columns", "past_results"]

_FEW = 4
"""Documents of a record that are read at once."""


def documents_of(
    server: Server, pointers: Iterable[Pointer], shown: Document | None = None
) -> dict[tuple[int, int], Document]:
    """Read the documents that pointers point to, or some of their fields; one removed meanwhile is not there."""
    wanted = [{"write": one.write, "row": one.row} for one in dict.fromkeys(pointers)]
    found = server.find_among("mlsm_results", "_id", wanted, shown=shown)
    return {(document["_id"]["write"], document["_id"]["row"]): document for document in found}


def current_results(server: Server, record_id: str, rule: Rule, notes: Notes | None = None) -> list[Result]:
    """Give the score of a record by model name, or the current result of each model version.

    Args:
        server: the store.
        record_id: the record.
        rule: `score` or `current`.
        notes: those of earlier look-ups, which save a question; documents tell whether they still hold.
    """
    if not encodable(record_id):
        return []
    found = None if notes is None else _current(server, record_id, rule, notes)
    if found is None:
        if notes is not None:
            notes.forget()
        found = _current(server, record_id, rule, Notes(server))
    return found or []


def _current(server: Server, record_id: str, rule: Rule, notes: Notes) -> list[Result] | None:
    """Give what is current of a record, None where a remembered note does not fit its document."""
    documents, of_roster = _newest(server, record_id, notes)
    lost = [pointer for pointer, _ in of_roster.values() if (pointer.write, pointer.row) not in documents]
    documents |= documents_of(server, lost) if lost else {}
    there = {}
    for roster, (pointer, note) in of_roster.items():
        document = documents.get((pointer.write, pointer.row))
        if document is None:
            continue  # it was removed meanwhile
        if (document["run_id"], document["part"], document["lane"]) != (note.run_id, note.part, note.lane):
            return None
        there[roster] = document
    seats = {roster: seats_of(document["results"]) for roster, document in there.items()}
    picked = ranked({roster: of_roster[roster] for roster in there}, seats, rule)
    told = dict(of_roster.values())
    return [result_of(documents[pointer.write, pointer.row], place, told[pointer]) for pointer, place in picked]


def _newest(server: Server, record_id: str, notes: Notes) -> tuple[dict[tuple[int, int], Document], Newest]:
    """Find the newest pointer of each roster, and some of their documents on the way.

    The newest documents are read at once, since most often they are all that is needed;
    then the pointers of rosters that none of them has.
    """
    condition = {**ANY, "record_id": record_id, "purpose": "live"}
    documents = server.find("mlsm_results", condition, sort=[("as_of_us", -1)], limit=_FEW)
    pointers = list(read(documents))
    read_already = {(one.write, one.row): document for one, document in zip(pointers, documents, strict=True)}
    if len(documents) < _FEW:
        return read_already, newest(pointers, notes)
    seen, cut = {one.roster for one in pointers}, pointers[-1].as_of
    of_roster = newest([one for one in pointers if one.as_of > cut], notes)
    if seen - set(of_roster):
        # One that was never committed, or whose like may have been cut off.
        return read_already, newest(pointers_of(server, [record_id]).get(record_id, []), notes)
    others = pointers_of(server, [record_id], but=seen).get(record_id, [])
    return read_already, of_roster | newest(others, notes)


def past_results(server: Server, record_id: str) -> list[Result]:
    """Give every committed result of a record, newest first."""
    return [
        result_of(document, place, note)
        for document, note in _committed(server, record_id)
        for place in range(len(document["results"]))
    ]


def kept_columns(server: Server, record_id: str) -> dict[str, Any]:
    """Give the kept columns of a record as they came with the newest live part that has some."""
    for document, note in _committed(server, record_id):
        if note.purpose == "live" and document.get("kept") is not None:
            return msgspec.json.decode(document["kept"], type=dict[str, Any])
    return {}


def held(server: Server, record_id: str) -> Holdings:
    """Gather results, kept columns, inputs and rejects of a record."""
    if not encodable(record_id):
        return Holdings(record_id=record_id)
    committed = _committed(server, record_id)
    by_seq = sorted((one for one in committed if one[1].first), key=lambda one: one[1].seq)
    rejected = server.find("mlsm_rejects", {"record_id": record_id}, sort=[("_id", 1)])
    notes = Notes(server).among({one["_id"]["write"] for one in rejected})
    rejects = sorted(
        (one for one in rejected if one["_id"]["write"] in notes),
        key=lambda one: (notes[one["_id"]["write"]].seq, one["_id"]["row"]),
    )
    return Holdings(
        record_id=record_id,
        results=tuple(
            result_of(document, place, note)
            for document, note in committed
            for place in range(len(document["results"]))
        ),
        kept=tuple(
            _row(note, msgspec.json.decode(document["kept"]))
            for document, note in by_seq
            if document.get("kept") is not None
        ),
        inputs=tuple(_row(note, values) for _, note in by_seq for values in _inputs(server, note, record_id)),
        rejects=tuple(
            _row(notes[one["_id"]["write"]], {name: value for name, value in one.items() if name != "_id"})
            for one in rejects
        ),
    )


def _inputs(server: Server, note: Note, record_id: str) -> Iterable[dict[str, Any]]:
    for block in server.find("mlsm_inputs", of_write(note.write), sort=[("_id", 1)]):
        yield from input_values(unblocked(block.get("block")), record_id)


def _committed(server: Server, record_id: str) -> list[tuple[Document, Note]]:
    """Give the committed documents of a record, newest first."""
    if not encodable(record_id):
        return []
    found = server.find("mlsm_results", {**ANY, "record_id": record_id})
    notes = Notes(server).among({document["_id"]["write"] for document in found})
    committed = [(d, notes[d["_id"]["write"]]) for d in found if d["_id"]["write"] in notes]
    return sorted(committed, key=lambda one: (one[1].as_of, one[1].seq), reverse=True)


def _row(note: Note, values: Mapping[str, Any]) -> HeldRow:
    return HeldRow(run_id=note.run_id, part=note.part, values=dict(values))
