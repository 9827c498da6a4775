"""What somebody or the disk did to a store is found by `store check`, and told by whatever meets it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pymongo import MongoClient
from tests.servers.mongo import Mongod
from tests.servers.postgres import PostgresServer

from mlsm.contracts import Reject, Selection, Store
from mlsm.errors import StoreError
from mlsm.stores import open_store
from mlsm.testing._stores.samples import begun, commit, day, entry, plan_of, results_of

DAMAGES = {
    "DELETE FROM model WHERE name = 'fit'": "results of no model",
    "DELETE FROM seat WHERE status = 'active'": "results of no model",
    "DELETE FROM outcome WHERE outcome = 0": "results of no outcome",
    "DELETE FROM record": "results of no record",
    "DELETE FROM result WHERE seq = 1 AND record = 2": "counts 4 records; it holds 3",
    "DELETE FROM lane WHERE seq = 1": "results of no lane",
    "DELETE FROM run": "lanes of no run",
    "DELETE FROM reject": "counts 8 results and 1 rejects; it holds 8 and 0",
    "DELETE FROM tally": "counts 0 results",
    "DELETE FROM pointer WHERE record = 2": "results that should be current and are not",
    "UPDATE pointer SET seq = 1 WHERE record = 2": "pointers to a trial, or to another list of models",
    "UPDATE lane SET low = 3": "results beyond the bounds of their lane",
    "UPDATE result SET outcome = 3 WHERE record = 2": "counts by model and outcome",
    "UPDATE run SET purpose = 'trial'": "pointers to a trial",
    "UPDATE input SET block = '123'": "The kept inputs of part 0 of run",
}
"""What is done to a store, and what tells it."""
DOCUMENT_DAMAGES = {
    ("mlsm_lanes", "delete"): "of no committed lane",
    ("mlsm_runs", "delete"): "belongs to no run",
    ("mlsm_results", "delete"): "counts 3 documents in 'mlsm_results'; it holds 2",
    ("mlsm_rejects", "delete"): "counts 1 documents in 'mlsm_rejects'; it holds 0",
    ("mlsm_results", "purpose"): "Lane 1 of run",
    ("mlsm_results", "as_of_us"): "has 1 documents in 'mlsm_results' of another purpose, clock or list of models",
    ("mlsm_results", "roster"): "has 1 documents in 'mlsm_results' of another purpose, clock or list of models",
    ("mlsm_rosters", "delete"): "names a list of models that is not there, or another",
    ("mlsm_rosters", "models.0.name"): "names a list of models that is not there, or another",
    ("mlsm_inputs", "delete"): "counts 1 documents in 'mlsm_inputs'; it holds 0",
    ("mlsm_inputs", "block"): "The kept inputs of part 0 of run",
}
"""The same of MongoDB: of which collection a document goes, or which of its fields gets another value."""


def fill(store: Store) -> str:
    """Store two parts of a run with a draft, rejects and inputs."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"))
    run_id = begun(store, plan)
    for part, ids in enumerate(("123", "4")):
        commit(
            store, run_id, part, results_of(plan, ids), as_of=day(part),
            inputs=pl.DataFrame({"record_id": list(ids)}),
            rejects=[Reject(source="leads.csv", row=1, record_id="1", reason="Twice.")] if part else [],
        )  # fmt: skip
    store.close_run(run_id, state="finished", report={})
    return run_id


@pytest.fixture
def damaged(tmp_path: Path) -> Iterator[tuple[Store, Callable[[str], None]]]:
    """Fill a store in a file; give it with what damages it."""
    store = open_store("leads.db", tmp_path)
    fill(store)
    store.dispose()

    def damage(statement: str) -> None:
        with closing(sqlite3.connect(tmp_path / "leads.db")) as db:
            assert db.execute(statement).rowcount > 0
            db.commit()

    yield store, damage
    store.dispose()


@pytest.mark.parametrize(("statement", "told"), DAMAGES.items(), ids=list(DAMAGES))
def test_a_damaged_file_is_found(statement: str, told: str, damaged: tuple[Store, Callable[[str], None]]) -> None:
    """Each damage to a file is told by what does not add up any more."""
    store, damage = damaged
    assert [] == store.check()
    damage(statement)
    assert told in "\n".join(store.check())


def test_a_damaged_database_is_found(postgres: PostgresServer) -> None:
    """Damage to a store in PostgreSQL, by somebody whom the server lets break its rules, is told as in a file."""
    store = open_store(postgres.url(), Path())
    fill(store)
    schema = store.url.rpartition("schema=")[2]
    # Those that are asked otherwise than in a file, or in other words; each takes a psql.
    damages = dict(list(DAMAGES.items())[::3])
    tables = {statement.split()[1 if statement.startswith("UPDATE") else 2] for statement in damages}
    free = f"SET session_replication_role = replica; SET search_path = {schema}"
    postgres.ask("; ".join([free, *(f"CREATE TABLE whole_{table} AS SELECT * FROM {table}" for table in tables)]))  # noqa: S608 - our own names
    found = {}
    for statement in damages:
        table = statement.split()[1 if statement.startswith("UPDATE") else 2]
        postgres.ask(f"{free}; {statement}")
        found[statement] = "\n".join(store.check())
        postgres.ask(f"{free}; DELETE FROM {table}; INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE whole_{table}")  # noqa: S608 - our own names
    assert [] == store.check()
    store.dispose()
    assert {} == {statement: found[statement] for statement, told in damages.items() if told not in found[statement]}


def test_damaged_documents_are_found(mongo_standalone: Mongod) -> None:
    """Damage to a store in MongoDB is told by what does not add up any more."""
    store = open_store(url := mongo_standalone.url(), Path())
    fill(store)
    assert [] == store.check()
    found = {}
    with MongoClient[dict[str, Any]](url) as client:
        db = client.get_default_database()
        for (name, damaged), told in DOCUMENT_DAMAGES.items():
            whole = list(db[name].find())
            if damaged == "delete":
                db[name].delete_one({})
            else:
                db[name].update_one({}, {"$set": {damaged: 0}})
            found[name, damaged] = told in "\n".join(store.check())
            db[name].delete_many({})
            db[name].insert_many(whole)
    assert [] == store.check()
    store.dispose()
    assert [] == [damage for damage, told in found.items() if not told]


def test_documents_of_those_who_were_forgotten_are_found(mongo_standalone: Mongod) -> None:
    """A document that somebody brings back is told, once no removal can be on its way to it."""
    store = open_store(url := mongo_standalone.url(), Path())
    fill(store)
    with MongoClient[dict[str, Any]](url) as client:
        results = client.get_default_database().mlsm_results
        back = list(results.find({"record_id": "2"}))
        store.forget("2")
        assert [] == store.check()
        results.insert_many(back)
    assert "There are 1 ids of people who were forgotten." in store.check()
    store.dispose()


def test_what_is_written_meanwhile_is_no_damage(mongo_standalone: Mongod) -> None:
    """A check of a store in MongoDB into which others write, and in which they forget, finds nothing."""
    url = mongo_standalone.url()
    store, writing = open_store(url, Path()), open_store(url, Path())
    plan = plan_of(entry("fit@1"))
    run_id = begun(store, plan)

    def write() -> None:
        for part in range(60):
            commit(writing, run_id, part, results_of(plan, ["1", "2", f"new {part}"]), as_of=day(part))
            if part % 5 == 4:
                writing.forget(f"new {part - 2}")

    found = []
    with ThreadPoolExecutor() as pool:
        written = pool.submit(write)
        while not written.done():
            found += store.check()
        written.result()
    assert [] == found
    for each in (store, writing):
        each.dispose()


def test_a_run_or_inputs_in_mongodb_that_cannot_be_read_are_told(mongo_standalone: Mongod) -> None:
    """What is damaged is told as that where somebody asks for it, and is no mistake of the program."""
    store = open_store(url := mongo_standalone.url(), Path())
    run_id = fill(store)
    with MongoClient[dict[str, Any]](url) as client:
        db = client.get_default_database()
        db.mlsm_inputs.update_many({}, {"$set": {"block": b"123"}})
        assert ["2"] == [one.record_id for one in store.score("2")]
        for ask in (store.held, store.forget, lambda _: list(store.inputs(run_id)), lambda _: list(store.lanes())):
            with pytest.raises(StoreError, match="Could not read a block of inputs"):
                ask("2")
        db.mlsm_rosters.delete_one({})
        with pytest.raises(StoreError, match="Could not read the list of models 1 in the store"):
            list(store.scores(Selection()))
        for damage, told in ({"report": "well"}, "report"), ({"plan": "{"}, "plan"):
            db.mlsm_runs.update_one({}, {"$set": damage})
            with pytest.raises(StoreError, match=f"Could not read the {told} of run"):
                store.runs()
    store.dispose()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE run SET plan = '{'", "Could not read the plan of run"),
        ("UPDATE run SET report = 'well'", "Could not read the report of run"),
    ],
    ids=["plan", "report"],
)
def test_a_run_that_cannot_be_read_is_told(
    statement: str, told: str, damaged: tuple[Store, Callable[[str], None]]
) -> None:
    """A damaged plan or report is told as that, and is no mistake of the program."""
    store, damage = damaged
    damage(statement)
    with pytest.raises(StoreError, match=told):
        store.runs()


def test_inputs_that_cannot_be_read_are_told(damaged: tuple[Store, Callable[[str], None]]) -> None:
    """Damaged inputs are told where somebody asks for them, and stop nothing else."""
    store, damage = damaged
    damage("UPDATE input SET block = '123'")
    assert ["2"] == [one.record_id for one in store.score("2")]
    for ask in (store.held, store.forget):
        with pytest.raises(StoreError, match="Could not read a block of inputs"):
            ask("2")
