"""A run tells which active models failed more often than they may, since when, and with which errors."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import mlsm
from mlsm import Failing, Model
from mlsm.contracts import Store
from mlsm.service.report import Report
from mlsm.stores import open_store

NIGHT = datetime(2026, 11, 23, tzinfo=UTC)
RECORDS = [{"id": str(number), "x": number} for number in range(10)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store("sqlite:///mlsm.db", tmp_path)
    yield opened
    opened.dispose()


def shaky(version: str, wrong: int, failing: Failing | None = None) -> Model:
    """Make a model that raises on the first few records, each third with another message."""

    def shaky(x: int) -> float:
        if x < wrong:
            raise ValueError(f"kind {x % 4}")
        return 1.0

    return mlsm.model(name="shaky", version=version, status="active", failing=failing)(shaky)


def night(store: Store | None, number: int, model: Model, records: object = None) -> Report:
    rows = RECORDS if records is None else records
    return mlsm.score([model], rows, store=store, as_of=NIGHT + timedelta(days=number)).report


def test_a_model_that_fails_too_often_is_degraded() -> None:
    """Its first three distinct errors are told in the order in which they were met, with how many rows each."""
    report = night(None, 0, shaky("1", 6))
    assert report.degraded == ("shaky@1",)
    (found,) = report.degradations
    assert (found.model, found.failed_share, found.max_failed, found.since_run) == ("shaky@1", 0.6, 0.01, None)
    assert [(note.message, note.count) for note in found.errors] == [("kind 0", 2), ("kind 1", 2), ("kind 2", 1)]


def test_how_much_may_fail_is_the_models_own() -> None:
    """A share of its own goes before that of the run."""
    assert night(None, 0, shaky("1", 6, Failing(max_failed=0.6))).degraded == ()
    assert night(None, 0, shaky("1", 6, Failing(max_failed=0.5))).degraded == ("shaky@1",)


def test_invalid_records_count_where_that_is_said() -> None:
    """They are the records' failure, so only a model that says so is degraded by them."""
    records = [{"id": str(number), "x": "many" if number < 4 else 1} for number in range(10)]
    assert night(None, 0, shaky("1", 0), records).degraded == ()
    (found,) = night(None, 0, shaky("1", 0, Failing(max_invalid=0.3)), records).degradations
    assert (found.failed_share, found.invalid_share, found.max_invalid) == (0.0, 0.4, 0.3)
    assert [(note.message, note.count) for note in found.errors] == [("x: wrong type, expected int", 4)]


def test_since_when_is_the_first_run_in_a_row(store: Store) -> None:
    """A good night in between begins the count anew; a version is a model of its own."""
    first = night(store, 0, shaky("1", 6))
    second = night(store, 1, shaky("1", 6))
    assert [one.since_run for one in second.degradations] == [first.run_id]
    night(store, 2, shaky("2", 0))
    third = night(store, 3, shaky("1", 6))
    assert [one.since_run for one in third.degradations] == [first.run_id]
    other = night(store, 4, shaky("3", 6))
    assert [one.since_run for one in other.degradations] == [other.run_id]


def test_a_good_night_ends_it(store: Store) -> None:
    """What was degraded before the last good run tells nothing."""
    bad = [{"id": str(number), "x": number} for number in range(6)]
    night(store, 0, shaky("1", 6), bad)
    night(store, 1, shaky("1", 6), [{"id": "9", "x": 9}])
    again = night(store, 2, shaky("1", 6), bad)
    assert [one.since_run for one in again.degradations] == [again.run_id]


def test_the_store_keeps_what_was_told(store: Store) -> None:
    """The stored report has the degradations, without what would say something of single records."""
    report = night(store, 0, shaky("1", 6))
    assert report.run_id is not None
    (told,) = store.run(report.run_id).report["degradations"]
    assert (told["model"], told["since_run"], "errors" in told) == ("shaky@1", report.run_id, False)
