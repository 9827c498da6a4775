"""What lies in MongoDB: documents that people can read, in the order of the input, and nothing half written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from pymongo import MongoClient
from tests.servers.mongo import Mongod

from mlsm.contracts import Selection
from mlsm.stores import open_store
from mlsm.testing._stores.samples import begun, commit, day, framed, plan_of, result


def test_a_large_part_lies_in_the_order_of_the_input(mongo_standalone: Mongod) -> None:
    """A part that is sent in several pieces comes back whole and in order."""
    ids = [f"{number * 7919 % 12_001:05d}" for number in range(12_001)]
    frame = pl.DataFrame(
        {"record_id": ids, "fit@1.outcome": [0] * len(ids), "fit@1.score": range(len(ids))},
        schema_overrides={"fit@1.outcome": pl.UInt8, "fit@1.score": pl.Float64},
    )
    store = open_store(mongo_standalone.url(), Path())
    run_id = begun(store, plan_of())
    assert store.write(run_id, 0, "active", framed(frame), [])
    (found,) = store.results(run_id, Selection())
    assert (ids, [float(number) for number in range(len(ids))]) == (
        found["record_id"].to_list(),
        found["score"].to_list(),
    )
    assert (len(ids), []) == (sum(one.height for one in store.scores(Selection())), store.check())
    store.dispose()


def test_a_document_can_be_read_by_people(mongo_standalone: Mongod) -> None:
    """One document a record holds an array of results; names and versions are values, times have microseconds."""
    url = mongo_standalone.url()
    store = open_store(url, Path())
    run_id = begun(store, plan_of())
    commit(store, run_id, 0, [result("42", "fit@1", 7.5, label="B")], kept={"owner": ["Ada"]})
    store.dispose()
    with MongoClient[dict[str, Any]](url) as client:
        (document,) = client.get_default_database().mlsm_results.find()
    moment = day(1)
    assert {
        "_id": {"write": document["_id"]["write"], "row": 0},
        "record_id": "42",
        "volume": 1,
        "run_id": run_id,
        "part": 0,
        "lane": "active",
        "purpose": "live",
        "roster": 1,
        "as_of": moment.replace(microsecond=123_000, tzinfo=None),
        "as_of_us": int(moment.timestamp()) * 1_000_000 + 123_457,
        "kept": '{"owner":"Ada"}',
        "results": [{"model": "fit", "version": "1", "status": "active", "outcome": "ok", "score": 7.5, "label": "B"}],
    } == document


def test_what_has_no_note_is_not_there(mongo_standalone: Mongod) -> None:
    """Documents of a write that was broken off are seen by no read, and go once their lane is written."""
    url = mongo_standalone.url()
    store = open_store(url, Path())
    run_id = begun(store, plan_of())
    commit(store, run_id, 0, [result("1", "fit@1", 1.0)])
    with MongoClient[dict[str, Any]](url) as client:
        db = client.get_default_database()
        (left,) = db.mlsm_results.find()
        db.mlsm_results.insert_one({**left, "_id": {"write": 999, "row": 0}, "as_of_us": left["as_of_us"] + 1})
        owner = {"host": "elsewhere", "pid": 1, "started": "1"}
        db.mlsm_pending.insert_one({"_id": 999, "owner": owner, "run_id": run_id, "part": 0, "lane": "active"})
        assert (1, 1, 1) == (len(store.history("1")), len(store.score("1")), len(store.current("1")))
        assert (1, []) == (sum(frame.height for frame in store.scores(Selection())), store.check())
        store.close_run(run_id, state="finished", report={})
        assert (1, 0) == (db.mlsm_results.count_documents({}), db.mlsm_pending.count_documents({}))
    store.dispose()
