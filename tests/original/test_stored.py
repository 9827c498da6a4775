"""The original's way to store: its documents, in bulk, in a real MongoDB."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo import MongoClient
from tests.servers.mongo import Mongod

from mlsm import MlsmError, Model, RunModelsAll, SummaryModel, SummaryModelListException

FIT = Model("fit", {"x": int}, "1.2.0", lambda data, results: {"score": data["x"] * 2}, "active")
OLD = Model("fit", {"x": int}, "1.1.0", lambda data, results: {"score": data["x"]}, "draft")


@pytest.fixture(params=["mongo_standalone", "mongo_replica"])
def db(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Give a new database."""
    server: Mongod = request.getfixturevalue(request.param)
    with MongoClient[dict[str, Any]](server.url()) as client:
        yield client.get_default_database()


def records(*ids: object) -> list[dict[str, Any]]:
    """Make records for both versions."""
    return [{"email": one, "data": {"fit": {"1.2.0": {"x": 4}, "1.1.0": {"x": 4}}}} for one in ids]


def numbers(db: Any, collection: str = "scores") -> dict[Any, list[int]]:
    """Give the numbers of each record's documents, the last inserted first."""
    found: dict[Any, list[int]] = {}
    for document in db[collection].find().sort("_id", -1):
        found.setdefault(document["email"], []).append(document["_current"])
    return found


def test_a_document_has_the_originals_shape(db: Any) -> None:
    """There is one document a record and run: the identifier, `_current`, `_timestamp`, `results`."""
    before = int(time.time())
    scored = RunModelsAll([FIT, OLD], records("ada"), db=db, collection="scores", dbIdentifier="email")

    (document,) = db.scores.find()
    assert ["_id", "email", "_current", "_timestamp", "results"] == list(document)
    assert ("ada", 0, int) == (document["email"], document["_current"], type(document["_timestamp"]))
    assert before <= document["_timestamp"] <= time.time()
    assert scored[0]["results"] == document["results"]
    assert {"score": 8, "_status": "active"} == document["results"]["fit"]["1.2.0"]
    assert ["email", "data", "results"] == list(scored[0])


def test_storing_again_moves_older_documents_on(db: Any) -> None:
    """Each run adds one to `_current` of a record's older documents, and leaves those of others."""
    for ids in (["ada", "bob"], ["ada"], ["ada", "eve"]):
        RunModelsAll([FIT], records(*ids), (), False, db, "scores", "email")

    assert {"ada": [0, 1, 2], "bob": [0], "eve": [0]} == numbers(db)


def test_a_record_may_come_twice_in_a_run(db: Any) -> None:
    """The later of two records with one identifier is current, as it was."""
    RunModelsAll([FIT], records("ada", "bob", "ada"), db=db, collection="scores", dbIdentifier="email")

    assert {"ada": [0, 1], "bob": [0]} == numbers(db)


def test_identifiers_of_any_type_stay_apart(db: Any) -> None:
    """A number, a text and a truth value are three identifiers."""
    for _ in range(2):
        RunModelsAll([FIT], records(1, "1", True, None), db=db, collection="scores", dbIdentifier="email")

    assert [[0, 1]] * 4 == [
        [one["_current"] for one in db.scores.find({"email": {"$eq": value, "$type": kind}}).sort("_id", -1)]
        for value, kind in ((1, "number"), ("1", "string"), (True, "bool"), (None, "null"))
    ]


def test_an_index_on_the_identifier_is_made_if_absent(db: Any) -> None:
    """The first run makes an index; one that begins with the identifier is left as it is."""
    RunModelsAll([FIT], records("ada"), db=db, collection="scores", dbIdentifier="email")
    db.mine.create_index([("email", -1), ("_current", 1)], name="own")
    RunModelsAll([FIT], records("ada"), db=db, collection="mine", dbIdentifier="email")

    assert {"_id_", "email_1"} == set(db.scores.index_information())
    assert {"_id_", "own"} == set(db.mine.index_information())


def test_what_a_crash_left_is_put_right_by_the_next_write(db: Any) -> None:
    """Two current documents, equal numbers and gaps become numbers from 0 on, in the order of time."""
    left = {"two": [0, 0], "half": [0, 1, 1, 2], "gap": [0, 0, 2, 3], "none": [1, 2], "well": [0, 1]}
    for name, found in left.items():
        for age, number in reversed(list(enumerate(found))):
            db.scores.insert_one({"email": name, "_current": number, "_timestamp": 100 - age, "results": {"age": age}})

    RunModelsAll([FIT], records(*left), db=db, collection="scores", dbIdentifier="email")

    for name, found in left.items():
        own = list(db.scores.find({"email": name}).sort("_current", 1))
        assert list(range(len(found) + 1)) == [document["_current"] for document in own]
        assert list(range(len(found))) == [document["results"]["age"] for document in own[1:]]


def test_two_who_store_at_once_leave_a_current_document(db: Any) -> None:
    """With two writers each record has a current document, and the next write puts the numbers right."""
    ids = [f"r{number}" for number in range(300)]

    def store(_: int) -> None:
        RunModelsAll([FIT], records(*ids), db=db, collection="scores", dbIdentifier="email")

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(store, range(4)))
    assert all(0 in found for found in numbers(db).values())
    store(5)
    assert {tuple(range(5))} == {tuple(sorted(found)) for found in numbers(db).values()}


def test_what_was_scored_before_an_error_is_stored(db: Any) -> None:
    """A summary that names what did not run ends the run, as it did; the records before it are stored."""
    summary = SummaryModel("best", [{"name": "other", "version": "1"}], "1", lambda data, results: {"score": 1})
    with pytest.raises(SummaryModelListException):
        RunModelsAll([FIT], records("ada"), [summary], db=db, collection="scores", dbIdentifier="email")
    lacking: list[dict[str, Any]] = [*records("ada", "bob"), {"data": {}}]
    with pytest.raises(KeyError, match="email"):
        RunModelsAll([FIT], lacking, db=db, collection="scores", dbIdentifier="email")

    assert {"ada": [0], "bob": [0]} == numbers(db)


def test_a_db_without_a_collection_or_identifier_is_refused() -> None:
    """Nothing runs where what is to be stored has no place."""
    record: dict[str, Any] = {"data": {}}
    with pytest.raises(MlsmError, match="collection and an identifier"):
        RunModelsAll([FIT], [record], db={}, collection="scores")

    assert "results" not in record
