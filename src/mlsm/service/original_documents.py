"""The documents that the original's call style left in MongoDB go into a store, history included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
import polars as pl

from mlsm._batch import Batch, ModelColumns, facet
from mlsm._ids import read_id
from mlsm._result import Failure, Outcome
from mlsm.contracts import InputEntry, Reject, RunEntry, RunPlan, Store

__all__ = ["Imported", "import_original"]

_ROWS = 10_000
_NOT_RUN = "Expected 'data'"
Told = dict[str, Any]
"""The facets of one result, as a batch has them."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import came to: documents read, results stored, documents that are no results of a record.

    `forgotten` documents are of people who asked to be forgotten, and are left out.
    """

    run_id: str
    documents: int
    results: int
    rejects: int
    forgotten: int = 0
    already: bool = False


def import_original(store: Store, documents: Iterable[Mapping[str, Any]], entry: InputEntry, field: str) -> Imported:
    """Store the results of documents as one live run, each with its own time as its clock.

    Parts are cut by the documents alone, so that an import that was broken off is taken up
    where it stopped. An import that is complete is not done again. The versions' digests are
    not known: the first run that scores with them decides what they are.

    Args:
        store: where they go.
        documents: oldest first: by `_timestamp`, then `_current` from the greatest down, then `_id`.
        entry: what is imported; another one is another import.
        field: the identifier of a record.
    """
    for run in store.runs():
        if run.plan.inputs == (entry,) and run.plan.id_column == field and run.state == "finished":
            return _came_to(run, sum(entry.parts), already=True)
    begun = any(run.plan.inputs == (entry,) and run.plan.id_column == field for run in store.runs())
    plan = RunPlan(
        purpose="live",
        as_of=datetime.now(UTC),
        models=(),
        inputs=(entry,),
        id_column=field,
        provenance={"command": "mlsm store import-original"},
    )
    opened = store.open_run(plan, resume=begun)
    count = 0
    for number, part in enumerate(_parts(documents, field)):
        batch, rejects = part.batch(number), part.rejects(entry.source)
        for lane in ("active", "draft"):
            if batch.lane(lane).models:
                store.write(opened.run_id, number, lane, batch.lane(lane), rejects)
        if not batch.models and rejects:
            store.write(opened.run_id, number, "active", batch, rejects)
        count += len(part)
    store.close_run(opened.run_id, state="finished", report={"documents": count})
    return _came_to(store.run(opened.run_id), count)


def _came_to(run: RunEntry, documents: int, *, already: bool = False) -> Imported:
    return Imported(
        run_id=run.run_id,
        documents=documents,
        results=sum(sum(counts.values()) for counts in run.counts.values()),
        rejects=run.rejects,
        forgotten=run.forgotten,
        already=already,
    )


class _Part:
    """Documents of one moment with results of the same versions, each record once."""

    def __init__(self, at: datetime, models: tuple[tuple[str, str, str], ...], first: int) -> None:
        self.at = at
        self.models = models
        self._first = first
        self._rows: dict[str, list[Told]] = {}
        self._wrong: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._rows) + len(self._wrong)

    def takes(self, at: datetime, models: tuple[tuple[str, str, str], ...], record_id: str | None) -> bool:
        """Tell whether a document belongs here."""
        return (at, models) == (self.at, self.models) and record_id not in self._rows and len(self) < _ROWS

    def add(self, record_id: str | None, why: str | None, told: list[Told]) -> None:
        """Take a document."""
        if record_id is None or why is not None:
            self._wrong.append((self._first + len(self), why or "There is no id."))
        else:
            self._rows[record_id] = told

    def rejects(self, source: str) -> list[Reject]:
        """Give the documents that are no results of a record."""
        return [Reject(source=source, row=row, reason=why) for row, why in self._wrong]

    def batch(self, number: int) -> Batch:
        """Give the results."""
        columns = [pl.Series("record_id", list(self._rows), pl.String)]
        models = []
        for place, (name, version, status) in enumerate(self.models):
            model = ModelColumns(name=name, version=version, status=status)
            own = [told[place] for told in self._rows.values()]
            columns += [
                pl.Series(facet(model.key, "outcome"), [told["outcome"].code for told in own], pl.UInt8),
                pl.Series(facet(model.key, "score"), [told.get("score") for told in own], pl.Float64),
            ]
            for what in ("label", "output", "error"):
                values = [told.get(what) for told in own]
                if any(value is not None for value in values):
                    columns.append(pl.Series(facet(model.key, what), values, pl.String))
            models.append(model)
        return Batch(part=number, models=tuple(models), frame=pl.DataFrame(columns), as_of=self.at, scored_at=self.at)


def _parts(documents: Iterable[Mapping[str, Any]], field: str) -> Iterator[_Part]:
    part: _Part | None = None
    for row, document in enumerate(documents, start=1):
        record_id, why = read_id(document.get(field))
        at = _moment(document)
        found = _results(document.get("results"))
        if why is None and not found:
            record_id, why = None, "The document has no results."
        models = tuple((name, version, status) for name, version, status, _ in found) if why is None else ()
        if part is None or not part.takes(at, models, record_id):
            if part is not None:
                yield part
            part = _Part(at, models, row)
        part.add(record_id, why, [told for *_, told in found])
    if part is not None:
        yield part


def _moment(document: Mapping[str, Any]) -> datetime:
    """Give when a document was stored: its time, or that of its `_id`."""
    stamp = document.get("_timestamp")
    if isinstance(stamp, int | float) and not isinstance(stamp, bool):
        with suppress(ValueError, OverflowError, OSError):  # no time at all, or none that a calendar has
            return datetime.fromtimestamp(stamp, UTC)
    made = getattr(document.get("_id"), "generation_time", None)
    return made if isinstance(made, datetime) else datetime.fromtimestamp(0, UTC)


def _results(results: Any) -> list[tuple[str, str, str, Told]]:
    """Give the results of a document: name, version, status, and the facets."""
    if not isinstance(results, Mapping):
        return []
    return [
        (str(name), str(version), *_told(entry))
        for name, versions in _storable(results).items()
        if isinstance(versions, Mapping)
        for version, entry in versions.items()
    ]


def _storable(value: Any) -> Any:
    """Write NUL so that every database takes it: PostgreSQL's text has none."""
    if isinstance(value, str):
        return value.replace("\x00", "\\x00")
    if isinstance(value, Mapping):
        return {_storable(str(name)): _storable(one) for name, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, list) else value


def _told(entry: Any) -> tuple[str, Told]:
    if not isinstance(entry, Mapping):
        return "draft", {"outcome": Outcome.OK, "output": _json({"value": entry})}
    rest = dict(entry)
    status = str(rest.pop("_status", "draft"))
    if "_error" in rest:
        message = str(rest.pop("_error"))
        outcome = Outcome.INVALID if message.startswith(_NOT_RUN) else Outcome.ERROR
        return status, {"outcome": outcome, "error": _json(Failure(type="Error", message=message))}
    told: Told = {"outcome": Outcome.OK}
    score = rest.get("score")
    if isinstance(score, int | float) and not isinstance(score, bool) and abs(score) < float("inf"):
        told["score"] = float(rest.pop("score"))
    if isinstance(rest.get("label"), str):
        told["label"] = rest.pop("label")
    if rest:
        told["output"] = _json(rest)
    return status, told


def _json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str, order="sorted").decode()
