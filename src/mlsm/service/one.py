"""Scoring one record, without any data frame."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mlsm._catalog import Catalog, CatalogLike
from mlsm._fields import Reading
from mlsm._ids import read_id
from mlsm._result import Result
from mlsm._typing import Shape
from mlsm.engine.record import score_record
from mlsm.errors import InputError
from mlsm.service.clock import in_utc
from mlsm.service.preparing import prepared

__all__ = ["score_one"]


def score_one(
    catalog: CatalogLike,
    record: Mapping[str, Any],
    *,
    id: str | None = "id",  # noqa: A002 - the design's word
    as_of: datetime | None = None,
    reading: Reading | None = None,
    shape: Shape = "flat",
    reasons: int = 0,
) -> tuple[Result, ...]:
    """Score one record with every model of a catalog.

    A catalog is made ready once and remembers it: build it once and keep it.

    Args:
        catalog: a catalog, or models that make one.
        record: the record's data; it is not changed.
        id: the key of its id; None calls it `record:1`.
        as_of: the clock that models see; now unless given. A naive time is UTC.
        reading: how the data spells missing values, flags, dates and numbers.
        shape: `flat`, or a `nested` record with `record["data"][name][version]`.
        reasons: the most reasons a score; with 0 only those that models give of themselves.

    Returns:
        One result a model version, in the order of the catalog.

    Raises:
        InputError: the record is no mapping, or has no usable id.

    Example:
        >>> import mlsm
        >>> @mlsm.model(version="1", status="active")
        ... def fit(employees: int):
        ...     return min(100.0, employees / 10)
        >>> catalog = mlsm.Catalog([fit])
        >>> mlsm.score_one(catalog, {"id": 7, "employees": 250})[0].score
        25.0
    """
    if type(record) is not dict and not isinstance(record, Mapping):
        raise InputError(f"A record of type {type(record).__name__!r} cannot be scored; expected a mapping.")
    record_id, why = ("record:1", None) if id is None else read_id(record.get(id))
    if record_id is None:
        raise InputError(
            f"This record cannot be scored by its id {id!r}. {why}", hint="Pass id=None where there is none."
        )
    now = datetime.now(UTC)
    clock = now if as_of is None else in_utc(as_of)
    ready = prepared(Catalog.of(catalog), reading=reading, shape=shape)
    if reasons:
        from mlsm.service.scores import score_with_reasons  # they are made by columns

        return score_with_reasons(ready, record_id, record, reasons, as_of=clock, scored_at=now)
    return score_record(ready, record_id, record, as_of=clock, scored_at=now)
