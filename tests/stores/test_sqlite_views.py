"""The views for people with SQL tools."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from mlsm._result import Failure, Given, Outcome, Reason, Reasons, Substitute
from mlsm.stores.sqlite import SqliteStore
from mlsm.testing._stores.samples import begun, commit, day, entry, plan_of, result, scored_run

COLUMNS = (
    "record_id", "model", "version", "status", "outcome", "score", "label", "output", "reasons", "error", "substitute",
    "given", "run_id", "as_of", "scored_at", "kept",
)  # fmt: skip


def ask(store: SqliteStore, query: str) -> list[dict[str, Any]]:
    """Ask as any SQL tool would."""
    with closing(sqlite3.connect(store.path)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(query)]


@pytest.mark.parametrize(
    ("view", "more"), [("mlsm_scores", ()), ("mlsm_current", ()), ("mlsm_results", ("purpose", "seq", "part", "lane"))]
)
def test_view_has_the_columns_of_a_result(store: SqliteStore, view: str, more: Sequence[str]) -> None:
    """All views begin with the same columns."""
    scored_run(store, plan_of(), [result("1", "fit@1")])
    assert [*COLUMNS, *more] == list(ask(store, f"SELECT * FROM {view}")[0])  # noqa: S608


def test_view_shows_a_result_as_json_does(store: SqliteStore) -> None:
    """A row of a view says what the result in JSON says, in text and numbers."""
    run_id = begun(store, plan_of(keep=("owner",)))
    written = result(
        "007",
        "fit@1",
        0.1 + 0.2,
        label="A",
        output={"size": [1, None]},
        reasons=Reasons(items=(Reason(field="size", contribution=0.5, text="large"),)),
        error=Failure(type="ValueError", message="no"),
        substitute=Substitute(score=1.0, stale_since=day(0)),
        given=(Given(model="size@1", run_id="earlier"),),
    )
    (expected,) = commit(store, run_id, 0, [written], as_of=day(1), kept={"owner": ["Zoë"]})
    (row,) = ask(store, "SELECT * FROM mlsm_scores WHERE record_id = '007'")
    shown = {name: row[name] for name in COLUMNS if name != "kept"}
    for name in ("output", "reasons", "error", "substitute", "given"):
        shown[name] = msgspec.json.decode(shown[name])
    as_json = msgspec.json.decode(msgspec.json.encode(expected))
    assert {**as_json, "as_of": "2026-01-02T06:30:15.123457Z", "scored_at": "2026-01-02T08:30:15.123457Z"} == shown
    assert {"owner": "Zoë"} == msgspec.json.decode(row["kept"])
    assert [{"told": "no"}] == ask(store, "SELECT json_extract(error, '$.message') AS told FROM mlsm_results")


@pytest.mark.parametrize(
    ("as_of", "shown"),
    [
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "1969-12-31T23:59:59.999999Z"),
        (datetime(1970, 1, 1, tzinfo=UTC), "1970-01-01T00:00:00.000000Z"),
        (datetime(1960, 2, 29, 12, 0, 0, 5, tzinfo=UTC), "1960-02-29T12:00:00.000005Z"),
    ],
)
def test_view_shows_times_in_iso_form(store: SqliteStore, as_of: datetime, shown: str) -> None:
    """Times are text in UTC with microseconds, before 1970 too."""
    run_id = begun(store, plan_of())
    commit(store, run_id, 0, [result("1", "fit@1")], as_of=as_of)
    assert [{"as_of": shown}] == ask(store, "SELECT as_of FROM mlsm_results")
    assert as_of == store.score("1")[0].as_of


def test_view_names_outcomes(store: SqliteStore) -> None:
    """Outcomes are words."""
    written = [result(outcome.value, "fit@1", None, outcome=outcome) for outcome in Outcome]
    scored_run(store, plan_of(), written)
    rows = ask(store, "SELECT record_id, outcome FROM mlsm_current")
    assert len(Outcome) == len(rows)
    assert all(row["record_id"] == row["outcome"] for row in rows)


def test_view_of_results_has_trials_too(store: SqliteStore) -> None:
    """`mlsm_results` has every result with its purpose; the other two have what is live."""
    scored_run(store, plan_of(purpose="trial", as_of=day(2)), [result("1", "fit@1", 2.0)])
    scored_run(store, plan_of(entry("fit@1"), as_of=day(1)), [result("1", "fit@1", 1.0)])
    query = "SELECT purpose, score, seq, part, lane FROM mlsm_results ORDER BY seq"
    trial = {"purpose": "trial", "score": 2.0, "seq": 1, "part": 0, "lane": "active"}
    live = {"purpose": "live", "score": 1.0, "seq": 2, "part": 0, "lane": "active"}
    assert [trial, live] == ask(store, query)
    assert [{"score": 1.0}] == ask(store, "SELECT score FROM mlsm_scores")
