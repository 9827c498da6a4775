"""What storing in MongoDB costs: 100,000 leads with 4 results each, ids in random order.

The measure is one `insert_many` of the same documents, made ready before, into a collection
with the same indexes of the same server. The same leads are stored 20 times, each time in
another order; then single leads are looked up. Then the original's call style: 2,000 records
through mlsm 0.0.4 as it is (in an environment of its own, with pymongo 3) and through this
version's `RunModelsAll(db=…)`, against the same server.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from benchmarks._original import original_python
from benchmarks.store_sqlite import BEGIN, LEADS, MODELS, PART, RUNS, as_batch, random_ids, results_of, store_run, timed
from pymongo import MongoClient
from tests.servers.mongo import running

from mlsm.contracts import Selection
from mlsm.stores import open_store
from mlsm.stores.mongo.documents import result_documents
from mlsm.stores.mongo.times import told

RECORDS = 2_000
ORIGINAL = Path(__file__).with_name("_mongo_original.py")


def main() -> None:
    """Print the tables."""
    with running() as server:
        url = server.url()
        store: Any = open_store(url, Path())
        ids = random_ids()
        print(f"{LEADS:,} leads x {MODELS} results, random ids, parts of {PART:,}; seconds")
        bare, stored = [], []
        for run in range(RUNS):
            frame = results_of(ids, run)
            stored.append(timed(partial(store_run, store, run, frame)))
            if run % 5 == 0:
                bare.append(insert_many(url, frame))
        unit = statistics.median(bare)
        early, late = statistics.median(stored[1:4]), statistics.median(stored[-3:])
        show("insert_many, same documents and indexes", unit)
        show("run 1 (all ids new; at most 1.3)", stored[0], stored[0] / unit)
        show("all runs, median", statistics.median(stored), statistics.median(stored) / unit)
        show("last 3 runs to runs 2 to 4 (at most 1.25)", late, late / early)
        read(store, ids)
        store.dispose()
        original(server.url("original"), LEADS / stored[0])


def insert_many(url: str, frame: pl.DataFrame) -> float:
    """Time the bare insertion of a run's documents, part by part."""
    parts = []
    shared = {"run_id": "0190a5e0-0000-7000-8000-000000000000", "part": 0, "lane": "active", "purpose": "live"}
    shared |= {"volume": 1, "roster": 1, **told("as_of", BEGIN)}
    for part, rows in enumerate(frame.iter_slices(PART)):
        parts.append(result_documents(as_batch(rows, part, BEGIN), range(rows.height), part + 1, shared))
    with MongoClient[dict[str, Any]](url) as client:
        db = client.get_default_database()
        db.drop_collection("bare")
        pointer = [("volume", 1), ("record_id", 1), ("purpose", 1), ("as_of_us", -1), ("roster", 1), ("_id", 1)]
        db.bare.create_index(pointer)
        begin = time.perf_counter()
        for documents in parts:
            db.bare.insert_many(documents, ordered=False)
        return time.perf_counter() - begin


def read(store: Any, ids: Sequence[str]) -> None:
    """Time look-ups of single leads, and the listing of all scores."""
    asked = random.Random(2).sample(ids, 300)
    for name, ask in (("score", store.score), ("current", store.current), ("history", store.history)):
        times = [timed(partial(ask, record_id)) for record_id in asked]
        print(f"{name + '(record), median':44}{statistics.median(times) * 1000:10.3f} ms")
    rows: list[int] = []
    listing = timed(lambda: rows.extend(frame.height for frame in store.scores(Selection())))
    show(f"scores(), {sum(rows):,} in {len(rows)} frames", listing)


def original(url: str, leads_a_second: float) -> None:
    """Compare the original's call style with the original, and the original with the store."""
    python, why = original_python()
    if python is None:
        print(f"mlsm 0.0.4 is left out: {why}")
        return
    print(f"{RECORDS:,} records x {MODELS} models, RunModelsAll(db=...); seconds")
    seconds = {}
    for name, command in (("original", python), ("this", sys.executable)):
        done = subprocess.run(
            [command, str(ORIGINAL), url, name, str(RECORDS), str(MODELS)], check=True, capture_output=True, text=True
        )
        seconds[name] = float(done.stdout.split()[-1])
    show("mlsm 0.0.4", seconds["original"])
    show("this version (at least 30 times as fast)", seconds["this"], seconds["original"] / seconds["this"])
    times = leads_a_second / (RECORDS / seconds["original"])
    print(f"{'the store, leads a second (at least 60 times)':44}{leads_a_second:10,.0f}   {times:.0f} times")


def show(what: str, seconds: float, ratio: float | None = None) -> None:
    """Print one row."""
    print(f"{what:44}{seconds:10.3f} s" + ("" if ratio is None else f"   {ratio:.2f}"), flush=True)


if __name__ == "__main__":
    main()
