"""A lane of a part as documents that people can read: one a record, with an array of results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import polars as pl
from bson.int64 import Int64

from mlsm._batch import FACETS, Batch, ModelColumns, given_column
from mlsm._result import OUTCOMES
from mlsm.contracts import Reject
from mlsm.stores._blocks import block
from mlsm.stores._kept import kept_objects
from mlsm.stores.mongo.schema import Document

__all__ = ["counts_of", "input_documents", "reject_documents", "result_documents"]

_NAMES = tuple(outcome.value for outcome in OUTCOMES)
_BLOCK = 8 * 2**20
"""The most bytes of inputs in a document; the server refuses over 16 MB."""


def result_documents(batch: Batch, rows: Sequence[int], write: int, shared: Document) -> list[Document]:
    """Make a document of each record.

    Args:
        batch: the lane.
        rows: the row of each record in the part.
        write: the number under which the documents go in.
        shared: what holds for all of them.
    """
    results = zip(*(_results(batch, model) for model in batch.models), strict=True)
    ids = batch.frame.get_column("record_id").to_list()
    kept = kept_objects(batch.frame)
    number = Int64(write)
    if kept is None:
        return [
            {"_id": {"write": number, "row": row}, "record_id": record_id, **shared, "results": own}
            for row, record_id, own in zip(rows, ids, results, strict=True)
        ]
    return [
        {"_id": {"write": number, "row": row}, "record_id": record_id, **shared, "kept": said, "results": own}
        for row, record_id, said, own in zip(rows, ids, kept.to_list(), results, strict=True)
    ]


def reject_documents(rejects: Sequence[Reject], write: int) -> Iterator[Document]:
    """Make a document of each reject."""
    for row, reject in enumerate(rejects):
        yield {"_id": {"write": Int64(write), "row": row}, **msgspec.structs.asdict(reject)}


def input_documents(inputs: pl.DataFrame, write: int) -> Iterator[Document]:
    """Make documents of kept inputs; each has some rows, so that each can be written anew by itself."""
    waiting = [inputs]
    row = 0
    while waiting:
        frame = waiting.pop()
        packed = block(frame)
        if len(packed) > _BLOCK and frame.height > 1:
            half = frame.height // 2
            waiting += [frame.slice(half), frame.slice(0, half)]
            continue
        yield {"_id": {"write": Int64(write), "row": row}, "block": packed}
        row += 1


def counts_of(batch: Batch) -> list[Document]:
    """Count results by model version and outcome, as a note has it."""
    counts = batch.counts()
    return [
        {"model": model.name, "version": model.version, "outcome": outcome.value, "results": count, "pruned": 0}
        for model in batch.models
        for outcome, count in counts[model.key].items()
    ]


def _results(batch: Batch, model: ModelColumns) -> list[Document]:
    """Make the results of a model, each with what the part's columns say of it; a million times, so in few steps."""
    columns: dict[str, list[Any]] = {}
    for facet in FACETS:
        column = batch.column(model.key, facet)
        if column is not None:
            columns[facet] = column.to_list()
    outcomes = [_NAMES[code] for code in columns.pop("outcome")]
    told = (model.name, model.version, model.status)
    made: list[Document]
    if "score" in columns and "label" in columns:
        key, version, status = told
        made = [
            {"model": key, "version": version, "status": status, "outcome": outcome, "score": score, "label": label}
            for outcome, score, label in zip(outcomes, columns.pop("score"), columns.pop("label"), strict=True)
        ]
    else:
        shared = dict(zip(("model", "version", "status"), told, strict=True))
        made = [{**shared, "outcome": outcome} for outcome in outcomes]
    for name, values in columns.items():
        for one, value in zip(made, values, strict=True):
            one[name] = value
    stale = given_column(model.key)
    if stale in batch.frame.columns:
        # A document's results are alike but for this, which is rare.
        for one, given in zip(made, batch.frame.get_column(stale).to_list(), strict=True):
            if given is not None:
                one["given"] = given
    return made
