"""What the original's call style left in MongoDB goes into any store, with its history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from tests.servers.mongo import Mongod
from tests.servers.postgres import PostgresServer

from mlsm.contracts import Store
from mlsm.errors import InputError
from mlsm.readers.mongo import original_documents
from mlsm.service import Imported, import_original
from mlsm.stores import open_store
from mlsm.testing._stores.samples import entry, input_entry, plan_of, result, scored_run

GOOD = {"fit": {"1": {"score": 5.0, "label": "A", "size": [1], "_status": "active"}}}
WORSE = {"fit": {"1": {"score": 4, "_status": "active"}, "2": {"score": 9, "_status": "draft"}}}
FAILED = {
    "fit": {"1": {"_error": "Expected 'data' input 'x' not found", "_status": "active"}},
    "best": {"1": {"_error": "no such value"}},
}


@pytest.fixture
def url(mongo_standalone: Mongod) -> str:
    """Write a collection as 0.0.4 did, crash and all."""
    found = mongo_standalone.url()
    with MongoClient[dict[str, Any]](found) as client:
        scores = client.get_default_database().scores
        for name, current, stamp, results in (
            ("ada", 1, 100, WORSE), ("bob", 0, 100, GOOD), ("ada", 0, 200, GOOD), (7, 0, 200, FAILED),
            ("eve", 1, 300, GOOD), ("eve", 0, 300, WORSE), (True, 0, 300, GOOD), ("nil", 0, 400, {}),
        ):  # fmt: skip
            scores.insert_one({"email": name, "_current": current, "_timestamp": stamp, "results": results})
    return found


@pytest.fixture(params=["memory:", "sqlite:///store.db", "mongodb:", "postgresql:"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, mongo_standalone: Mongod, postgres: PostgresServer
) -> Iterator[Store]:
    """Open an empty store of each kind."""
    servers = {"mongodb:": mongo_standalone.url, "postgresql:": postgres.url}
    opened = open_store(servers[request.param]() if request.param in servers else request.param, tmp_path)
    yield opened
    opened.dispose()


def imported(store: Store, url: str, field: str = "email") -> Imported:
    """Import the collection."""
    with original_documents(url, "scores", field) as (entry_, documents):
        return import_original(store, documents, entry_, field)


def test_history_is_there_and_the_newest_is_current(store: Store, url: str) -> None:
    """Each document is a past result with its own time; `_current` 0 is the score."""
    done = imported(store, url)

    assert (8, 9, 2, False) == (done.documents, done.results, done.rejects, done.already)
    assert [(5.0, datetime.fromtimestamp(200, UTC)), (4.0, datetime.fromtimestamp(100, UTC))] == [
        (one.score, one.as_of) for one in store.history("ada") if one.version == "1"
    ]
    scores = {name: [(one.key, one.score) for one in store.score(name)] for name in ("ada", "bob", "eve")}
    assert {"ada": [("fit@1", 5.0)], "bob": [("fit@1", 5.0)], "eve": [("fit@1", 4.0)]} == scores
    assert [("A", {"size": [1]})] == [(one.label, one.output) for one in store.score("bob")]
    assert [] == store.check()


def test_failures_and_drafts_are_what_they_were(store: Store, url: str) -> None:
    """An error keeps its message, a version its status; documents without id or results are rejects."""
    done = imported(store, url)

    told = {one.key: (one.status, one.outcome.value, one.error and one.error.message) for one in store.current("7")}
    assert {
        "fit@1": ("active", "invalid", "Expected 'data' input 'x' not found"),
        "best@1": ("draft", "error", "no such value"),
    } == told
    assert [("fit@2", "draft", 9.0)] == [
        (one.key, one.status, one.score) for one in store.current("ada") if one.version == "2"
    ]
    assert ["The id True is a bool; expected text or a whole number.", "The document has no results."] == [
        reject.reason for reject in store.rejects(done.run_id)
    ]


def test_people_who_were_forgotten_are_left_out(store: Store, url: str) -> None:
    """What is told as imported is what is stored; documents of the forgotten are counted by themselves."""
    store.forget("ada")
    done = imported(store, url)

    assert (8, 6, 2, 2) == (done.documents, done.results, done.rejects, done.forgotten)
    assert ([], []) == (store.history("ada"), store.check())


@pytest.mark.parametrize("stamp", [float("nan"), 1e15, "yesterday"])
def test_odd_values_are_no_trouble(store: Store, stamp: object) -> None:
    """A time that is none becomes that of the document; NUL, which not every database has in texts, is written out."""
    results = {"fit": {"1": {"score": 1.0, "label": "a\x00b", "why": ["c\x00d"], "_status": "active"}}}
    document = {"_id": 1, "email": "ada", "_current": 0, "_timestamp": stamp, "results": results}
    import_original(store, [document], input_entry(), "email")

    (found,) = store.score("ada")
    assert ("a\\x00b", {"why": ["c\\x00d"]}) == (found.label, found.output)
    assert datetime.fromtimestamp(0, UTC) == found.as_of


def test_an_import_is_done_once(store: Store, url: str) -> None:
    """Asked again it changes nothing; later runs may score with the versions, whatever their code."""
    imported(store, url)
    seq = store.seq()
    assert (True, seq) == (imported(store, url).already, store.seq())

    scored_run(store, plan_of(entry("fit@1", digest="any")), [result("ada", "fit@1", 1.0)])
    assert [1.0] == [one.score for one in store.score("ada") if one.model == "fit"]


def test_an_import_that_was_broken_off_goes_on(store: Store, url: str) -> None:
    """A second try takes the same run up and ends in the same."""
    with original_documents(url, "scores", "email") as (entry_, documents):
        few = [next(documents) for _ in range(4)]

        def broken() -> Iterator[dict[str, Any]]:
            yield from few
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            import_original(store, broken(), entry_, "email")
    assert 0 < store.seq()
    done = imported(store, url)

    assert ([done.run_id], "finished") == ([run.run_id for run in store.runs()], store.run(done.run_id).state)
    assert [2, 1, 2] == [len([o for o in store.history(name) if o.version == "1"]) for name in ("ada", "bob", "eve")]
    assert [] == store.check()


def test_a_collection_without_such_documents_is_refused(store: Store, url: str) -> None:
    """A wrong name of the identifier is told, and nothing is stored."""
    with pytest.raises(InputError, match="holds no document of the original's with the field 'mail'"):
        imported(store, url, "mail")
    assert [] == store.runs()
