"""Scoring from Python: many records in, results out as objects or as a frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl

from mlsm._batch import Batch
from mlsm._catalog import Catalog, CatalogLike
from mlsm._fields import Reading
from mlsm._result import Outcome, Result
from mlsm._typing import Purpose, Shape
from mlsm.contracts import Reject, Store
from mlsm.engine.batch import score_part
from mlsm.engine.order import Prepared
from mlsm.readers import open_data
from mlsm.service.clock import in_utc
from mlsm.service.report import Report
from mlsm.service.request import PART_ROWS, Job
from mlsm.service.running import run
from mlsm.stores import open_store

__all__ = ["Scores", "score", "score_with_reasons"]


class Scores(Sequence[Result]):
    """All results of one scoring: record by record, in the order of the catalog.

    Results are held in columns; a `Result` is made when it is asked for.

    Example:
        >>> import mlsm
        >>> fit = mlsm.model(version="1", name="fit", fields={"x": int}, status="active")(lambda x: x / 10)
        >>> scores = mlsm.score([fit], [{"id": "007", "x": 250}, {"id": "8", "x": "many"}])
        >>> scores
        Scores(2 records, 2 results, 0 rejects)
        >>> scores[0].score, scores[-1].outcome.value
        (25.0, 'invalid')
    """

    def __init__(self, batches: Sequence[Batch], report: Report) -> None:
        self._batches = tuple(batches)
        self.report = report
        self._rows: dict[str, tuple[int, int]] | None = None

    def __len__(self) -> int:
        return sum(len(batch) * len(batch.models) for batch in self._batches)

    def __iter__(self) -> Iterator[Result]:
        for batch in self._batches:
            yield from batch.results()

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return list(self)[index]
        place = range(len(self))[index]  # counts from the end, and refuses, as any sequence does
        for batch in self._batches:
            if place < len(batch) * len(batch.models):
                row, column = divmod(place, len(batch.models))
                return tuple(batch.rows(row, 1).results())[column]
            place -= len(batch) * len(batch.models)
        raise IndexError(index)

    def __repr__(self) -> str:
        return f"Scores({self.report.records} records, {len(self)} results, {self.report.rejected} rejects)"

    @property
    def rejects(self) -> tuple[Reject, ...]:
        """Give the first thousand rows that were not scored, each with its reason."""
        return self.report.rejects

    def counts(self) -> dict[str, dict[Outcome, int]]:
        """Count results by model version and outcome.

        Example:
            >>> import mlsm
            >>> fit = mlsm.model(version="1", name="fit", fields={"x": int}, status="active")(lambda x: x / 10)
            >>> scores = mlsm.score([fit], [{"id": "007", "x": 250}, {"id": "8", "x": "many"}])
            >>> scores.counts()["fit@1"]
            {<Outcome.OK: 'ok'>: 1, <Outcome.INVALID: 'invalid'>: 1}
        """
        return self.report.counts

    def record(self, record_id: str) -> tuple[Result, ...]:
        """Give the results of one record, in the order of the catalog; () where there is none.

        Example:
            >>> import mlsm
            >>> fit = mlsm.model(version="1", name="fit", fields={"x": int}, status="active")(lambda x: x / 10)
            >>> scores = mlsm.score([fit], [{"id": "007", "x": 250}, {"id": "8", "x": "many"}])
            >>> [result.score for result in scores.record("007")], scores.record("unheard-of")
            ([25.0], ())
        """
        if self._rows is None:
            self._rows = {
                text: (place, row)
                for place, batch in enumerate(self._batches)
                for row, text in enumerate(batch.frame.get_column("record_id").to_list())
            }
        if record_id not in self._rows:
            return ()
        place, row = self._rows[record_id]
        return tuple(self._batches[place].rows(row, 1).results())

    def frame(self, *, wide: bool = False) -> pl.DataFrame:
        """Give a polars frame: a row a result, or a row a record with three columns a model.

        Example:
            >>> import mlsm
            >>> fit = mlsm.model(version="1", name="fit", fields={"x": int}, status="active")(lambda x: x / 10)
            >>> scores = mlsm.score([fit], [{"id": "007", "x": 250}, {"id": "8", "x": "many"}])
            >>> scores.frame(wide=True).columns
            ['record_id', 'fit', 'fit.label', 'fit.outcome']
        """
        if not self._batches:
            return Batch.empty().wide() if wide else Batch.empty().long()
        return pl.concat([batch.wide() if wide else batch.long() for batch in self._batches])


def score(
    catalog: CatalogLike,
    records: Any,
    *,
    id: str | None = "id",  # noqa: A002 - the design's word
    as_of: datetime | None = None,
    keep: Sequence[str] = (),
    reading: Reading | None = None,
    shape: Shape = "flat",
    store: Store | str | None = None,
    purpose: Purpose = "live",
    part_rows: int = PART_ROWS,
    reasons: int = 0,
    workers: int | Literal["auto"] = 0,
) -> Scores:
    """Score many records with every model of a catalog.

    Args:
        catalog: a catalog, or models that make one.
        records: a list or other iterable of mappings, or any data frame that speaks Arrow.
        id: the column of ids; None numbers the records: `records:1`, `records:2`, …
        as_of: the clock that models see; now unless given. A naive time is UTC.
        keep: columns that travel along into wide frames and the store; a text is one column.
        reading: how the data spells missing values, flags, dates and numbers.
        shape: `flat`, or `nested` records with `record["data"][name][version]`.
        store: where to keep the results: a store or its URL. Without one no last good score stands in
            for a failed one; the report's `notices` say so.
        purpose: `trial` results never count for a record's current one.
        part_rows: rows a part.
        reasons: the most reasons a score; with 0 only those that models give of themselves.
        workers: how many processes score besides this one; 0 is this one alone, `auto` decides
            by rows and cores. They import the modules of the models, so that a script that
            scores stands under `if __name__ == "__main__":`.

    Raises:
        CatalogError: the models cannot stand in one catalog.
        InputError: the records cannot be read, none has the id column, or an option cannot be meant.
        StoreError: the store failed.
        DeclarationError: workers are wanted, but a model's function is in no module.

    Example:
        >>> import mlsm
        >>> @mlsm.model(version="1", status="active")
        ... def fit(employees: int):
        ...     return min(100.0, employees / 10)
        >>> scores = mlsm.score([fit], [{"id": "007", "employees": "250"}, {"id": "8", "employees": "many"}])
        >>> [(result.record_id, result.outcome.value, result.score) for result in scores]
        [('007', 'ok', 25.0), ('8', 'invalid', None)]
    """
    job = Job(
        catalog=Catalog.of(catalog),
        inputs=(open_data(records),),
        id_column=id,
        as_of=datetime.now(UTC) if as_of is None else in_utc(as_of),
        keep=(keep,) if isinstance(keep, str) else tuple(keep),
        reading=Reading() if reading is None else reading,
        shape=shape,
        purpose=purpose,
        part_rows=part_rows,
        reasons=reasons,
        workers=workers,
        force=True,
    )
    batches: list[Batch] = []
    opened = open_store(store, Path.cwd()) if isinstance(store, str) else store
    try:
        report = run(job, store=opened, on_batch=batches.append)
    finally:
        if isinstance(store, str) and opened is not None:
            opened.dispose()
    return Scores(batches, report)


def score_with_reasons(
    ready: Prepared, record_id: str, record: Mapping[str, Any], reasons: int, *, as_of: datetime, scored_at: datetime
) -> tuple[Result, ...]:
    """Score one record as a part of its own, with reasons.

    Args:
        ready: the catalog, made ready.
        record_id: the record's id.
        record: its data.
        reasons: the most reasons a score.
        as_of: the clock that the models see, UTC.
        scored_at: the time of day, UTC.
    """
    columns = {str(key): [value] for key, value in record.items()}
    ids = pl.Series([record_id], dtype=pl.String)
    batch = score_part(ready, ids, columns, number=0, as_of=as_of, scored_at=scored_at, reasons=reasons)
    return tuple(batch.results())
