"""The best results of a model, and the last good ones of some records."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from mlsm._result import Outcome, Result
from mlsm.contracts import Selection, last_good_schema
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.listing import list_current
from mlsm.stores.mongo.notes import Note, Notes, rosters
from mlsm.stores.mongo.ranking import Pointer, Rule, pointers_of
from mlsm.stores.mongo.reading import current_results, documents_of
from mlsm.stores.mongo.schema import Document

__all__ = ["Good", "best_results", "good_results", "last_good_results"]

Good = tuple[Pointer, Note, Document, int]
"""A good result: its pointer, its note, its document, and its place there."""


def best_results(server: Server, model: str, n: int) -> list[Result]:
    """Give the n best results of a name (its scores) or a key (what is current), the best first."""
    rule: Rule = "current" if "@" in model else "score"
    wanted = Selection(models=(model,), outcomes=(Outcome.OK.value,))
    best: list[tuple[float, str]] = []
    for frame in list_current(server, rule, wanted):
        own = frame.filter(pl.col("score").is_not_null())
        rows = zip(own.get_column("score").to_list(), own.get_column("record_id").to_list(), strict=True)
        best = heapq.nsmallest(n, [*best, *((-score, record_id) for score, record_id in rows)])
    return [
        one
        for _, record_id in best
        for one in current_results(server, record_id, rule)
        if model == (one.key if rule == "current" else one.model)
    ]


def last_good_results(server: Server, names: Sequence[str], record_ids: Sequence[str]) -> pl.DataFrame:
    """Give the newest good score, given as active, of each record and name."""
    rows = []
    if names and record_ids:
        for (record_id, name), (_, note, document, place) in good_results(server, names, record_ids).items():
            own = document["results"][place]
            told = (own["version"], own.get("score"), own.get("label"), note.run_id, note.as_of)
            rows.append((record_id, name, *told))
    return pl.DataFrame(rows, schema=last_good_schema(), orient="row")


def good_results(
    server: Server, names: Sequence[str] | None, record_ids: Sequence[str], notes: Notes | None = None
) -> dict[tuple[str, str], Good]:
    """Find the newest good score of records and names; of all names where None is given.

    Documents are read in rounds, from each record the next older one that may have what is
    missing: nearly always the first round finds all.
    """
    seats = rosters(server)
    active = {
        roster: {seat.model for seat in own if seat.status == "active" and (names is None or seat.model in names)}
        for roster, own in seats.items()
    }
    pointers = pointers_of(server, record_ids)
    notes = Notes(server) if notes is None else notes
    told = notes.among({one.write for own in pointers.values() for one in own})
    waiting = {record_id: _newest_first(own, told, active) for record_id, own in pointers.items()}
    missing = {record_id: {name for one in own for name in active[one.roster]} for record_id, own in pointers.items()}
    found: dict[tuple[str, str], Good] = {}
    while waiting:
        asked: list[Pointer] = []
        for record_id, own in list(waiting.items()):
            useful = next((one for one in own if active[one.roster] & missing[record_id]), None)
            if useful is None:
                del waiting[record_id]
            else:
                asked.append(useful)
        documents = documents_of(server, asked)
        for pointer in asked:
            document = documents.get((pointer.write, pointer.row))
            for name, place in _good_ones(document, missing[pointer.record_id]):
                found[pointer.record_id, name] = (pointer, told[pointer.write], document or {}, place)
                missing[pointer.record_id].discard(name)
    return found


def _newest_first(
    own: Sequence[Pointer], told: Mapping[int, Note], active: Mapping[int, set[str]]
) -> Iterator[Pointer]:
    committed = [one for one in own if one.write in told and active[one.roster]]
    return iter(sorted(committed, key=lambda one: (one.as_of, told[one.write].seq), reverse=True))


def _good_ones(document: Document | None, names: set[str]) -> list[tuple[str, int]]:
    """Give the places of good scores by name; of two versions of a name the later in the catalog."""
    if document is None:
        return []
    good = {
        one["model"]: place
        for place, one in enumerate(document["results"])
        if one["status"] == "active" and one["outcome"] == Outcome.OK.value and one["model"] in names
    }
    return list(good.items())
