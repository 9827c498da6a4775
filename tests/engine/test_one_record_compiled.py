"""The function that is written for a catalog, and the plain answers that it takes as they are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

import mlsm
from mlsm._result import Result
from mlsm.engine.answers import Limits, read_answer
from mlsm.engine.compiled import plain_parts
from mlsm.engine.record import _step_by_step, score_record
from mlsm.service import prepared

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = Limits(low=0.0, high=100.0, labels=frozenset({"A", "B"}))


@pytest.mark.parametrize(
    "told",
    [
        {"score": 7.0},
        {"score": 7.0, "label": "A"},
        {"label": "B", "why": "size"},
        {"score": 0.5, "winner": 'a "quoted" \n name'},
    ],
    ids=["a score", "a score and a label", "a label and a text", "a text that JSON escapes"],
)
def test_a_plain_answer_is_what_a_close_look_makes_of_it(told: dict[str, Any]) -> None:
    """An answer that is taken as it is says the same as after being written as JSON and read."""
    close = read_answer(told, LIMITS)
    output = None if close.output is None else msgspec.json.decode(close.output)
    assert plain_parts(told, LIMITS.low, LIMITS.high, LIMITS.labels) == (close.score, close.label, output)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"score": 101.0},
        {"score": float("nan")},
        {"score": 1},
        {"label": "C"},
        {"why": "a", "and": "b"},
        {"why": "naïve"},
        {"why": "\x00"},
        {"reasons": "text"},
        {"why": "x" * 70_000},
        {1: "x"},
    ],
)
def test_what_is_not_plain_is_looked_at_closely(told: dict[Any, Any]) -> None:
    """An answer that may be wrong, or that JSON may change, is not taken as it is."""
    assert plain_parts(told, LIMITS.low, LIMITS.high, LIMITS.labels) is None


def test_the_function_of_a_catalog_says_what_its_models_say_one_by_one() -> None:
    """Conditions, summaries, dates, junk and exceptions give the same results on either way."""

    @mlsm.model(version="1", status="active", range=(0, 100))
    def size(employees: int, opens: float | None = None) -> float:
        return min(100.0, employees / 10 + (opens or 0.0))

    @mlsm.model(version="1", status="active", when=lambda employees: employees > 10)
    def graded(employees: int) -> dict[str, Any]:
        return {"score": 1.0, "label": "A", "b": 1, "a": [2]}

    @mlsm.model(version="1", status="active")
    def recent(seen: datetime, *, as_of: datetime) -> float:
        if seen > as_of:
            raise ValueError("not yet")
        return float((as_of - seen).days)

    @mlsm.summary_model(version="1", status="active", models=["size", "graded"], require=["size"])
    def both(size: Any, graded: Any) -> dict[str, Any]:
        return {"score": size.score, "label": graded.label}

    ready = prepared(mlsm.Catalog([size, graded, recent, both]))
    records: list[dict[str, Any]] = [
        {"employees": 100, "seen": date(2025, 12, 1)},
        {"employees": 5, "opens": 2.0, "seen": "2026-02-01"},
        {"employees": 7, "opens": 2, "seen": datetime(2025, 1, 1, tzinfo=UTC)},
        {"employees": "eleven", "seen": NOW},
    ]
    for record in records:
        either: list[tuple[Result, ...]] = [
            score_record(ready, "1", record, as_of=NOW, scored_at=NOW, run_id="r"),
            _step_by_step(ready, "1", record, NOW, NOW, "r"),
        ]
        assert either[0] == either[1]
