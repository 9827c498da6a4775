"""The results of one record, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

import msgspec
import polars as pl

from mlsm._result import Result
from mlsm.contracts import HeldRow, Holdings
from mlsm.stores._held import input_values
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.forgetting import encodable
from mlsm.stores.mongo.frames import result_of
from mlsm.stores.mongo.notes import Note, Notes, of_write, rosters
from mlsm.stores.mongo.ranking import Pointer, Rule, newest, pointers_of, ranked
from mlsm.stores.mongo.schema import Document

__all__ = ["current_results", "documents_of", "held", "kept_columns", "past_results"]


def documents_of(server: Server, pointers: Iterable[Pointer]) -> dict[tuple[int, int], Document]:
    """Read the documents that pointers point to; one that was removed meanwhile is not there."""
    wanted = [{"write": one.write, "row": one.row} for one in dict.fromkeys(pointers)]
    found = server.find_among("mlsm_results", "_id", wanted)
    return {(document["_id"]["write"], document["_id"]["row"]): document for document in found}


def current_results(server: Server, record_id: str, rule: Rule) -> list[Result]:
    """Give the score of a record by model name, or the current result of each model version."""
    if not encodable(record_id):
        return []
    found = pointers_of(server, [record_id]).get(record_id, [])
    if not found:
        return []
    notes = newest(found, Notes(server))
    picked = ranked(notes, rosters(server), rule)
    told = dict(notes.values())
    documents = documents_of(server, (pointer for pointer, _ in picked))
    return [
        result_of(documents[pointer.write, pointer.row], place, told[pointer])
        for pointer, place in picked
        if (pointer.write, pointer.row) in documents
    ]


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
        yield from input_values(pl.read_ipc(BytesIO(block["block"])), record_id)


def _committed(server: Server, record_id: str) -> list[tuple[Document, Note]]:
    """Give the committed documents of a record, newest first."""
    if not encodable(record_id):
        return []
    found = server.find("mlsm_results", {"record_id": record_id})
    notes = Notes(server).among({document["_id"]["write"] for document in found})
    committed = [(d, notes[d["_id"]["write"]]) for d in found if d["_id"]["write"] in notes]
    return sorted(committed, key=lambda one: (one[1].as_of, one[1].seq), reverse=True)


def _row(note: Note, values: Mapping[str, Any]) -> HeldRow:
    return HeldRow(run_id=note.run_id, part=note.part, values=dict(values))
