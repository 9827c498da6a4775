"""What failed and why: distinct failures of a run, each with its count and first leads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from mlsm._result import Failure
from mlsm.cli.counts import outcome_style
from mlsm.cli.tables import Column, Table
from mlsm.cli.wording import clean, named

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Distinct", "distinct_failures", "failures_table"]

_LEADS_SHOWN = 5


class Distinct(msgspec.Struct, kw_only=True):
    """One failure of one model version, however many leads it struck."""

    model: str
    outcome: str
    type: str
    message: str
    count: int = 0
    record_ids: list[str] = []
    trace: str | None = None


def distinct_failures(frames: Iterable[pl.DataFrame]) -> list[Distinct]:
    """Gather the failures of results in long form, the most frequent first.

    Args:
        frames: results with an `error`, as the store yields them.
    """
    import polars as pl

    found: dict[tuple[str, str, str, str], Distinct] = {}
    for frame in frames:
        grouped = (
            frame.filter(pl.col("error").is_not_null())
            .group_by("model", "version", "outcome", "error", maintain_order=True)
            .agg(pl.len().alias("count"), pl.col("record_id").head(_LEADS_SHOWN))
        )
        for name, version, outcome, error, count, record_ids in grouped.iter_rows():
            failure = msgspec.json.decode(error, type=Failure)
            key = f"{name}@{version}", outcome, failure.type, said(failure)
            note = found.get(key)
            if note is None:
                note = found[key] = Distinct(model=key[0], outcome=outcome, type=key[2], message=key[3])
            note.count += count
            note.record_ids = [*note.record_ids, *record_ids][:_LEADS_SHOWN]
    return sorted(found.values(), key=lambda note: -note.count)


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


def failures_table(notes: Sequence[Any]) -> Table:
    """Make a table of failures: how many leads, which model, what, and the first leads."""
    columns = (
        Column(key="count", title="leads", right=True),
        Column(key="model"),
        Column(key="outcome", style_of=outcome_style),
        Column(key="what", title="what went wrong"),
        Column(key="leads", title="for instance", style_of=lambda _: "dim"),
    )
    rows = [
        {
            "count": note.count,
            "model": note.model,
            "outcome": str(note.outcome),
            "what": clean(what_of(note), limit=200),
            "leads": named(note.record_ids, limit=3),
        }
        for note in notes
    ]
    return Table(columns=columns, rows=rows)


def what_of(note: Any) -> str:
    """Write the type and the message of a failure; of a record's problems only what they are."""
    if note.outcome in ("error", "crashed", "timeout"):
        return f"{note.type}: {note.message}" if note.message else note.type
    return str(note.message or note.type)
