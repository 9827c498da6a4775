"""Records worth keeping as golden ones: typical ones, rows of an input, and what upstreams say of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from mlsm._catalog import Catalog
from mlsm._fields import Field, Reading
from mlsm._model import Model
from mlsm._result import Outcome, Result
from mlsm.checks.records import Reader as RecordReader
from mlsm.checks.records import typical_records
from mlsm.contracts import Column, Reader
from mlsm.service.scores import score

__all__ = ["Drafted", "sampled_records", "summary_records", "typical_of"]

_TYPICAL_ROWS = 16
_SAMPLED_ROWS = 32
_PART_ROWS = 10_000
_GIVEN = (Outcome.OK, Outcome.ABSTAINED, Outcome.INVALID, Outcome.ERROR)
"""What a golden record can say of an upstream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A record to be kept, as JSON can hold it.

    Args:
        record: the record.
        given: what the upstreams of a summary say of it.
        origin: which row of which input it is, None for one made from the fields.
    """

    record: Mapping[str, Any]
    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    origin: str | None = None


def typical_of(model: Model, upstreams: Sequence[Model], reading: Reading) -> Iterator[Drafted]:
    """Make records from the fields of a model and of those that it stands on.

    Args:
        model: the model; its field counts where an upstream reads a column differently.
        upstreams: all that it stands on.
        reading: how the data spells values; a record that does not satisfy the model is left out.
    """
    fields: dict[str, Field] = {f.column: f for each in (*upstreams, model) for f in each.inputs}
    reader = RecordReader(model.inputs, reading)
    for record in typical_records(list(fields.values()), _TYPICAL_ROWS):
        plain = {name: _plain(value) for name, value in record.items()}
        if reader.read(plain) is not None:
            yield Drafted(record=plain)


def sampled_records(rows: Reader, columns: Collection[str]) -> Iterator[Drafted]:
    """Take rows of an input, evenly spread.

    Args:
        rows: the input.
        columns: the columns wanted; the others are not read.
    """
    total = rows.facts().rows
    wanted = {1 + place * total // _SAMPLED_ROWS for place in range(_SAMPLED_ROWS)} if total else set()
    parts = {(row - 1) // _PART_ROWS for row in wanted}
    skip = set(range(math.ceil(total / _PART_ROWS))) - parts
    for part in rows.parts(_PART_ROWS, columns=set(columns), skip=skip):
        places = [place for place, row in enumerate(part.rows) if row in wanted]
        picked = {name: _picked(column, places) for name, column in part.columns.items()}
        for which, place in enumerate(places):
            record = {name: _plain(values[which]) for name, values in picked.items()}
            yield Drafted(record=record, origin=f"row {part.rows[place]} of {part.source!r}")


def summary_records(
    catalog: Catalog, summary: Model, drafted: Sequence[Drafted], reading: Reading, as_of: datetime
) -> list[Drafted]:
    """Ask the upstreams of a summary about records, and give what they say with each.

    To these come records of which one upstream after the other abstains, and fails. What
    cannot be given, as an upstream that was skipped, is left out.
    """
    upstreams = catalog.upstreams(summary.key)
    alone = catalog.only(upstreams.values())
    scored = list(score(alone, [draft.record for draft in drafted], id=None, as_of=as_of, reading=reading))
    size = len(alone.running)
    found = []
    for place, draft in enumerate(drafted):
        by_key = {result.key: result for result in scored[place * size : (place + 1) * size]}
        said = {name: by_key[key] for name, key in upstreams.items()}
        if all(result.outcome in _GIVEN for result in said.values()):
            found.append(replace(draft, given={name: _given(result) for name, result in said.items()}))
    whole = max(found, key=lambda draft: sum(said["outcome"] == "ok" for said in draft.given.values()), default=None)
    if whole is None:
        whole = Drafted(record={} if not drafted else drafted[0].record, given=dict.fromkeys(upstreams, _ABSTAINED))
    for key in dict.fromkeys(upstreams.values()):
        names = [name for name in upstreams if upstreams[name] == key]
        ways = [{**whole.given, **dict.fromkeys(names, way)} for way in (_ABSTAINED, _FAILED)]
        found += [Drafted(record=whole.record, given=given) for given in ways]
    return found


_ABSTAINED = {"outcome": "abstained"}
_FAILED = {"outcome": "error"}


def _given(result: Result) -> dict[str, Any]:
    said = {"score": result.score, "label": result.label, "output": result.output}
    return {"outcome": str(result.outcome)} | {facet: value for facet, value in said.items() if value is not None}


def _picked(column: Column, places: Sequence[int]) -> list[Any]:
    return [column[place] for place in places] if isinstance(column, list) else column.gather(list(places)).to_list()


def _plain(value: Any) -> Any:
    """Give a value as JSON can hold it, so that it is read as the same."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None if math.isnan(number) else str(number)
    if isinstance(value, date | time):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str) else str(value)
