"""What failed and why: distinct failures of a run, each with its count and first leads."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from mlsm._result import Failure, Outcome
from mlsm.cli.counts import outcome_style
from mlsm.cli.tables import Column, Table
from mlsm.cli.wording import clean, named
from mlsm.service import ErrorNote

if TYPE_CHECKING:
    import polars as pl

__all__ = ["distinct_failures", "failures_table", "in_order", "message_hash", "said", "together", "what_of"]

_LEADS_SHOWN = 5


def distinct_failures(frames: Iterable[pl.DataFrame], traces: Mapping[tuple[str, str, str], str]) -> list[ErrorNote]:
    """Gather the failures of results in long form, the models' own first.

    Args:
        frames: results with an `error`, as the store yields them.
        traces: tracebacks by model, type and the hash of the message (`message_hash`).
    """
    import polars as pl

    counts: Counter[tuple[str, str, str, str]] = Counter()
    first: dict[tuple[str, str, str, str], list[str]] = {}
    for frame in frames:
        grouped = (
            frame.filter(pl.col("error").is_not_null())
            .group_by("model", "version", "outcome", "error", maintain_order=True)
            .agg(pl.len().alias("count"), pl.col("record_id").head(_LEADS_SHOWN))
        )
        for name, version, outcome, error, count, record_ids in grouped.iter_rows():
            failure = msgspec.json.decode(error, type=Failure)
            key = f"{name}@{version}", outcome, failure.type, said(failure)
            counts[key] += count
            known = first.setdefault(key, [])
            known += record_ids[: _LEADS_SHOWN - len(known)]
    return in_order(
        ErrorNote(
            model=key,
            outcome=Outcome(outcome),
            type=kind,
            message=message,
            count=count,
            first_ids=tuple(first[key, outcome, kind, message]),
            trace=traces.get((key, kind, message_hash(message))),
        )
        for (key, outcome, kind, message), count in counts.items()
    )


def message_hash(message: str) -> str:
    """Name a message without saying it: logs must not quote a lead."""
    return hashlib.sha256(message.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def said(failure: Failure) -> str:
    """Say what went wrong without the value that a lead had.

    Example:
        >>> from mlsm._result import Problem
        >>> problem = Problem(path="age", problem="wrong type", expected="int", got="'x'")
        >>> said(Failure(type="invalid", message="1 problem", problems=(problem,)))
        'age: wrong type, expected int'
    """
    if failure.problems:
        return "; ".join(f"{part.path}: {part.problem}, expected {part.expected}" for part in failure.problems)
    return failure.message


def failures_table(notes: Iterable[ErrorNote]) -> Table:
    """Make a table of failures: how many leads, which models, what, and the first leads."""
    columns = (
        Column(key="count", title="leads", right=True),
        Column(key="outcome", whole=True, style_of=outcome_style),
        Column(key="what", title="what went wrong"),
        Column(key="models"),
        Column(key="leads", title="for instance", style_of=lambda _: "dim"),
    )
    rows = [
        {
            "count": note.count,
            "models": named(models),
            "outcome": str(note.outcome),
            "what": clean(what_of(note), limit=200),
            "leads": ", ".join(clean(one, limit=40) for one in note.first_ids[:3]),
        }
        for note, models in together(notes)
    ]
    return Table(columns=columns, rows=rows)


def together(notes: Iterable[ErrorNote]) -> list[tuple[ErrorNote, list[str]]]:
    """Put models together that met the same defect of the same leads; the traces of one suffice."""
    merged: dict[tuple[Any, ...], tuple[ErrorNote, list[str]]] = {}
    for note in in_order(notes):
        same = note.count, note.outcome, what_of(note), note.first_ids, note.trace
        merged.setdefault(same, (note, []))[1].append(note.model)
    return list(merged.values())


def in_order(notes: Iterable[ErrorNote]) -> list[ErrorNote]:
    """Put the models' own failures first, then the leads', then what only followed from either."""
    weight = {Outcome.INVALID: 1, Outcome.SKIPPED: 2}
    return sorted(notes, key=lambda note: (weight.get(note.outcome, 0), -note.count))


def what_of(note: ErrorNote) -> str:
    """Write what failed: the type that was raised and its message, or what is wrong with the record."""
    if note.outcome in (Outcome.INVALID, Outcome.SKIPPED) or not note.message:
        return note.message or note.type
    return f"{note.type}: {note.message}"
