"""The index on records lies in volumes; whatever lies in which, every question has the same answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from tests.servers.mongo import Mongod

from mlsm.contracts import Selection, Store
from mlsm.stores import open_store
from mlsm.stores.mongo.schema import MIGRATIONS, Db
from mlsm.stores.mongo.volumes import ANY
from mlsm.testing._stores.samples import begun, commit, day, plan_of, result

VOLUME = 250_000


@contextmanager
def database(url: str) -> Iterator[Db]:
    """Open the database of a store."""
    with MongoClient[dict[str, Any]](url) as client:
        yield client.get_default_database()


def filled(url: str, *, volumes: bool = False) -> Store:
    """Store three runs of two records, each in a volume of its own if asked."""
    store = open_store(url, Path())
    for number in range(3):
        run_id = begun(store, plan_of(as_of=day(number)))
        commit(store, run_id, 0, [result("8", "fit@1", number), result("7", "fit@1", number + 0.5)], as_of=day(number))
        store.close_run(run_id, state="finished", report={})
        if volumes:
            with database(url) as db:
                db.mlsm_store.update_one({"_id": "store"}, {"$inc": {"documents": VOLUME}})
    return store


def told(store: Store) -> list[object]:
    """Ask a store for all that it tells of the sample's results."""
    frames: tuple[Callable[[], object], ...] = (
        lambda: [frame["score"].to_list() for frame in store.scores(Selection())],
        lambda: [frame["score"].to_list() for frame in store.currents(Selection())],
        lambda: [[f["score"].to_list() for f in store.results(run.run_id, Selection())] for run in store.runs()],
        lambda: [(seq, frame["score"].to_list()) for seq, frame in store.changes(0)],
        lambda: [[one.score for one in ask("7")] for ask in (store.score, store.current, store.history)],
        lambda: ([one.score for one in store.top("fit", 2)], store.last_good(["fit"], ["7"])["score"].to_list()),
        lambda: (len(store.held("7").results), store.check()),
        lambda: [lane.batch.frame["record_id"].to_list() for lane in store.lanes()],
    )
    return [ask() for ask in frames]


def test_a_run_goes_into_the_next_volume_once_one_is_full(mongo_standalone: Mongod) -> None:
    """Each document bears the volume that was the newest when its write began."""
    url = mongo_standalone.url()
    filled(url, volumes=True).dispose()
    with database(url) as db:
        assert [1, 2, 3] == db.mlsm_results.distinct("volume")


def test_no_answer_depends_on_the_volumes(mongo_standalone: Mongod) -> None:
    """A record whose results lie in several volumes is told of, forgotten and pruned as one in a single volume."""
    stores = [filled(mongo_standalone.url(), volumes=volumes) for volumes in (False, True)]
    one, several = (told(store) for store in stores)
    assert one == several
    pruned, forgotten = ([ask(store) for store in stores] for ask in (prune, lambda store: store.forget("8")))
    assert (pruned[0], forgotten[0]) == (pruned[1], forgotten[1])
    one, several = (told(store) for store in stores)
    assert one == several
    for store in stores:
        store.dispose()


def test_an_older_store_is_read_and_then_brought_up_to_date(mongo_standalone: Mongod) -> None:
    """Documents without a volume are read as they are; the next run gives them one, and the index its place."""
    url = mongo_standalone.url()
    store = filled(url)
    expected = told(store)
    store.dispose()
    with database(url) as db:
        db.mlsm_results.update_many({}, {"$unset": {"volume": ""}})
        db.mlsm_results.drop_indexes()
        MIGRATIONS[0](db)
        db.mlsm_store.update_one({"_id": "store"}, {"$set": {"version": 1}, "$unset": {"documents": ""}})
        older = open_store(url, Path())
        assert (expected, 0) == (told(older), db.mlsm_results.count_documents({"volume": 0}))
        begun(older, plan_of())
        assert (6, {"_id_", "volume"}) == (
            db.mlsm_results.count_documents({"volume": 0}),
            set(db.mlsm_results.index_information()),
        )
        MIGRATIONS[1](db)  # as after one that was broken off
    assert expected[0] == told(older)[0]
    filled(url).dispose()
    assert [[2.5, 2.0]] == told(older)[0]
    older.dispose()


def test_documents_of_an_older_program_are_read_beside_the_newer_ones(mongo_standalone: Mongod) -> None:
    """A program that was running while the store was brought up to date brings documents without a volume."""
    url = mongo_standalone.url()
    store = filled(url, volumes=True)
    expected = told(store)
    with database(url) as db:
        db.mlsm_results.update_many({"volume": 3}, {"$unset": {"volume": ""}})
    assert expected == told(store)
    store.dispose()


def test_check_finds_a_volume_that_was_never_begun(mongo_standalone: Mongod) -> None:
    """A listing would not look there."""
    url = mongo_standalone.url()
    store = filled(url)
    with database(url) as db:
        db.mlsm_results.update_one({"record_id": "7"}, {"$set": {"volume": 9}})
    assert ["There are 1 documents in volumes after 1, which is the newest."] == store.check()
    store.dispose()


@pytest.mark.parametrize("question", [{"purpose": "live"}, {}], ids=["current", "history"])
def test_a_record_is_found_by_the_index_alone(question: dict[str, str], mongo_standalone: Mongod) -> None:
    """The server looks at no document of another record, however many volumes there are."""
    url = mongo_standalone.url()
    store = filled(url, volumes=True)
    with database(url) as db:
        told = db.mlsm_results.find({**ANY, "record_id": "7", **question}).explain()["executionStats"]
    assert 3 == told["totalDocsExamined"]
    store.dispose()


def prune(store: Store) -> object:
    """Prune all but the newest run."""
    return store.prune(keep_runs=1)
