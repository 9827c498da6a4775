"""A lane of a part as documents that people can read: one a record, with an array of results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import repeat

import msgspec
import polars as pl
from bson.int64 import Int64

from mlsm._batch import FACETS, Batch, ModelColumns, given_column
from mlsm._result import OUTCOMES
from mlsm.contracts import Reject
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
        block = _block(frame)
        if len(block) > _BLOCK and frame.height > 1:
            half = frame.height // 2
            waiting += [frame.slice(half), frame.slice(0, half)]
            continue
        yield {"_id": {"write": Int64(write), "row": row}, "block": block}
        row += 1


def counts_of(batch: Batch) -> list[Document]:
    """Count results by model version and outcome, as a note has it."""
    counts = batch.counts()
    return [
        {"model": model.name, "version": model.version, "outcome": outcome.value, "results": count, "pruned": 0}
        for model in batch.models
        for outcome, count in counts[model.key].items()
    ]


def _results(batch: Batch, model: ModelColumns) -> Iterator[Document]:
    names = ["model", "version", "status"]
    columns: list[Iterator[object] | list[object]] = [repeat(model.name), repeat(model.version), repeat(model.status)]
    for name in FACETS:
        column = batch.column(model.key, name)
        if column is None:
            continue
        values = column.to_list()
        names.append(name)
        columns.append([_NAMES[code] for code in values] if name == "outcome" else values)
    made = (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=False))
    stale = given_column(model.key)
    if stale not in batch.frame.columns:
        return made
    # A document's results are alike but for this, which is rare.
    return (
        one if given is None else {**one, "given": given}
        for one, given in zip(made, batch.frame.get_column(stale).to_list(), strict=False)
    )


def _block(frame: pl.DataFrame) -> bytes:
    written = BytesIO()
    frame.write_ipc(written, compression="zstd")
    return written.getvalue()
