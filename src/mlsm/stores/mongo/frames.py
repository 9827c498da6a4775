"""Documents as frames and as results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import polars as pl

from mlsm._batch import long_schema, read_result
from mlsm._result import Outcome, Result
from mlsm.stores.mongo.notes import Note
from mlsm.stores.mongo.schema import Document

__all__ = ["LONG", "Places", "long_frame", "result_of"]

LONG: dict[str, Any] = {**long_schema(), "kept": pl.String()}
_OWN = ("model", "version", "status", "outcome", "score", "label", "output", "reasons", "error", "substitute")
_CALLED = frozenset({Outcome.OK.value, Outcome.ABSTAINED.value, Outcome.ERROR.value})
Places: TypeAlias = Sequence[Sequence[int]] | None
"""Which results of each document; None for all, in their order."""


def long_frame(documents: Sequence[Document], notes: Mapping[int, Note], places: Places = None) -> pl.DataFrame:
    """Give results in long form with `kept`.

    Args:
        documents: of records; each must have a note.
        notes: by write.
        places: which results of each document; None for all, in their order.
    """
    if places is None:
        picked = [result for document in documents for result in document["results"]]
        counts = [len(document["results"]) for document in documents]
    else:
        picked = [document["results"][place] for document, own in zip(documents, places, strict=True) for place in own]
        counts = [len(own) for own in places]
    told = [notes[document["_id"]["write"]] for document in documents]
    of_document = pl.DataFrame(
        {
            "record_id": pl.Series([document["record_id"] for document in documents], dtype=pl.String),
            "run_id": pl.Series([note.run_id for note in told], dtype=pl.String),
            "as_of": pl.Series([note.as_of for note in told], dtype=LONG["as_of"]),
            "scored_at": pl.Series([note.scored_at for note in told], dtype=LONG["scored_at"]),
            "kept": pl.Series([document.get("kept") for document in documents], dtype=pl.String),
        }
    )
    index = pl.int_range(len(documents), eager=True).repeat_by(pl.Series(counts, dtype=pl.Int64)).explode().drop_nulls()
    own = [pl.Series(name, [one.get(name) for one in picked], LONG[name]) for name in _OWN]
    given = pl.Series("given", _given(documents, told, places), pl.String)
    return of_document[index].with_columns(*own, given).select(LONG.keys())


def result_of(document: Document, place: int, note: Note) -> Result:
    """Give one result as a value."""
    own = document["results"][place]
    row = [document["record_id"], *(own.get(name) for name in _OWN)]
    given = _one_given(own, note.given[place])
    return read_result((*row, given, note.run_id, note.as_of, note.scored_at))


def _given(documents: Sequence[Document], told: Sequence[Note], places: Places) -> list[str | None]:
    given: list[str | None] = []
    for number, (document, note) in enumerate(zip(documents, told, strict=True)):
        results = document["results"]
        own = range(len(results)) if places is None else places[number]
        if not any(note.given):
            given += [None] * len(own)
            continue
        given += [_one_given(results[place], note.given[place]) for place in own]
    return given


def _one_given(own: Mapping[str, Any], given: str | None) -> str | None:
    """Say what a summary was handed: the same throughout a lane, unless a last good score was in it."""
    return own.get("given", given) if own["outcome"] in _CALLED else None
