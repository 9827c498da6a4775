"""However the newest results of records are found in MongoDB, they are those that a plain walk through all finds."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from tests.servers.mongo import Mongod

from mlsm._result import Result
from mlsm.contracts import ModelEntry, Selection, Store
from mlsm.stores import open_store
from mlsm.stores.memory import MemoryStore
from mlsm.testing._stores.samples import begun, commit, day, entry, plan_of, read, results_of

RECORDS = [f"{number:02d}" for number in range(12)]
CATALOGS = (
    (entry("fit@1"), entry("size@1")),
    (entry("fit@2"), entry("size@1"), entry("fit@3", "draft")),
    (entry("size@1"), entry("fit@2")),
)
ALIKE = CATALOGS[:1] * 3


@pytest.mark.parametrize("catalogs", [ALIKE, CATALOGS], ids=["one catalog", "changing catalogs"])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_current_is_found_by_leaps_as_by_a_walk(
    seed: int, catalogs: tuple[tuple[ModelEntry, ...], ...], mongo_standalone: Mongod
) -> None:
    """Long histories over several volumes, clocks that come twice or go back, a write that never ended."""
    draw = random.Random(seed)
    url = mongo_standalone.url()
    stores: list[Store] = [open_store(url, Path()), MemoryStore()]
    for number in range(14):
        models, clock = draw.choice(catalogs), draw.choice([number, number, number - 2, 5])
        single, purpose = draw.random() < 0.3, draw.choice(["live", "live", "live", "trial"])
        records = draw.sample(RECORDS, draw.randint(4, len(RECORDS)))
        parts = [[one] for one in records] if single else [records[:3], records[3:]]
        at = day(0) + timedelta(seconds=clock)
        plan = plan_of(*models, as_of=at, purpose=purpose, **({"inputs": ()} if single else {}))
        for store in stores:
            run_id = begun(store, plan)
            for place, part in enumerate(parts):
                commit(store, run_id, place, results_of(plan, part, number * 10.0 + place), as_of=at)
            if single and place:
                # One record twice with one clock: the later decides.
                commit(store, run_id, place + 1, results_of(plan, parts[0], number * 10.0 + 9), as_of=at)
        if number == 9:
            leave_broken_off(url)
        if number % 3 == seed:
            begin_a_volume(url)
    mongo, memory = stores
    for wanted in (Selection(), Selection(record_ids=(*RECORDS[:5], "unknown"))):
        assert told(read(memory.scores(wanted))) == told(read(mongo.scores(wanted)))
        assert told(read(memory.currents(wanted))) == told(read(mongo.currents(wanted)))
    for _ in range(2):
        for record in (*RECORDS, "unknown"):
            assert told(memory.score(record)) == told(mongo.score(record))
            assert told(memory.current(record)) == told(mongo.current(record))
    mongo.dispose()


def leave_broken_off(url: str) -> None:
    """Leave newer documents of a write that was never committed."""
    with MongoClient[dict[str, Any]](url) as client:
        db = client.get_default_database()
        counted = db.mlsm_store.find_one_and_update({"_id": "store"}, {"$inc": {"writes": 1}})
        assert counted is not None
        newest = list(db.mlsm_results.find({"purpose": "live"}).sort("_id", -1).limit(4))
        for row, document in enumerate(newest):
            document["_id"] = {"write": counted["writes"] + 1, "row": row}
            document["as_of_us"] += 10**9
            db.mlsm_results.insert_one(document)


def begin_a_volume(url: str) -> None:
    """Count as many documents as make a volume full."""
    with MongoClient[dict[str, Any]](url) as client:
        client.get_default_database().mlsm_store.update_one({"_id": "store"}, {"$inc": {"documents": 250_000}})


def told(results: Iterable[Result]) -> list[tuple[object, ...]]:
    """Give what is told of results, whatever the ids of runs."""
    rows = [(one.record_id, one.key, one.status, one.score, one.as_of) for one in results]
    assert len(rows) == len(set(rows))
    return sorted(rows)
