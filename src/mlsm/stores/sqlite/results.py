"""The results of a lane become rows of `result`.

A row of parameters is one record with the facets of several models, from which the
statement makes one row a model: that takes half the parameters, and binding them is what
holds Python's interpreter lock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import polars as pl

from mlsm._batch import FACETS, Batch, ModelColumns, facet, given_column
from mlsm.stores.sqlite.rows import append

__all__ = ["insert_results"]

_MODELS = 16
"""Models a statement: it looks for each value's place among them one after another."""


def insert_results(db: sqlite3.Connection, seq: int, roster: int, batch: Batch, numbers: pl.Series) -> None:
    """Append the results of a lane, in the order of the table's key.

    Args:
        db: the store.
        seq: the lane.
        roster: the list of its models.
        batch: the results.
        numbers: the numbers of its records.
    """
    frame = batch.frame.with_columns(numbers.alias("record number")).sort("record number")
    records = frame.get_column("record number").to_list()
    for first in range(0, len(batch.models), _MODELS):
        models = batch.models[first : first + _MODELS]
        insert, names = _insert(frame.columns, models, roster, first)
        append(db, insert, seq, [records, *(frame.get_column(name).to_list() for name in names)])


def _insert(there: Sequence[str], models: Sequence[ModelColumns], roster: int, first: int) -> tuple[str, list[str]]:
    """Write the statement for some models of a lane, and name the columns that it takes.

    A facet that none of the models has is left out.
    """
    taken: list[str] = []
    facets: dict[str, str] = {}
    columns: dict[str, list[str]] = {name: [facet(model.key, name) for model in models] for name in FACETS}
    columns["given"] = [given_column(model.key) for model in models]
    for name, own in columns.items():
        cases = []
        for place, column in enumerate(own, start=first):
            if column in there:
                taken.append(column)
                # The first column is the record.
                cases.append(f"WHEN {place} THEN w.column{len(taken) + 1}")
        if cases:
            facets[name] = f"CASE s.place {' '.join(cases)} END"
    insert = f"""INSERT INTO result (seq, record, place, {", ".join(facets)})
        SELECT ?, w.column1, s.place, {", ".join(facets.values())} FROM w
        CROSS JOIN seat s ON s.roster = {roster} AND s.place BETWEEN {first} AND {first + len(models) - 1}"""  # noqa: S608 - built of our own texts, values are bound
    return insert, taken
