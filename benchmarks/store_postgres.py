"""What storing in PostgreSQL costs: 100,000 leads with 4 results each, ids in order and in random order.

The measure is a raw COPY of the same rows, made ready before, into one table without any
index on the same server. The same leads are stored 20 times; then single leads are looked
up. Where other programs run, seconds that pass say little: beside them stands the processor's
time of this process and of the server's, which others do not lengthen.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import psutil
from adbc_driver_postgresql import dbapi
from benchmarks.store_sqlite import (
    BEGIN,
    LEADS,
    MODELS,
    PART,
    RUNS,
    Taken,
    as_batch,
    compare,
    median,
    random_ids,
    results_of,
    store_run,
    timed,
)
from tests.servers.postgres import PostgresServer, running

from mlsm.contracts import Selection
from mlsm.stores import open_store


def main() -> None:
    """Print the tables."""
    leads = int(sys.argv[sys.argv.index("--leads") + 1]) if "--leads" in sys.argv else LEADS
    with running() as server:
        for order, ids in (("in random order", random_ids()), ("in order", [f"{n:010d}" for n in range(LEADS)])):
            measure(server, order, ids[:leads])


def measure(server: PostgresServer, order: str, ids: Sequence[str]) -> None:
    """Store the same leads again and again, and look some of them up."""
    url = server.url()
    store: Any = open_store(url, Path())
    bare, stored = [], []
    for run in range(RUNS):
        frame = results_of(ids, run)
        if order == "in order":
            frame = frame.sort("record_id")
        stored.append(taken(server, partial(store_run, store, run, frame)))
        if run % 5 == 0:
            bare.append(copied(server, url, frame))
    unit = median(bare)
    early, late = median(stored[1:4]), median(stored[-3:])
    print(f"{len(ids):,} leads x {MODELS} results, ids {order}, parts of {PART:,}")
    print(f"{'':44}{'wall':>10}{'CPU':>12}{'wall':>12}{'CPU':>8}")
    compare("COPY into one table, no index", unit, unit)
    compare("run 1 (all ids new)", stored[0], unit)
    compare("all runs, median (at most 3)", median(stored), unit)
    compare("runs 18 to 20 to runs 2 to 4 (at most 1.25)", late, early)
    read(store, ids)
    store.dispose()


def copied(server: PostgresServer, url: str, frame: pl.DataFrame) -> Taken:
    """Time the raw COPY of the same rows, part by part, each committed."""
    run_id = pl.lit("0190a5e0-0000-7000-8000-000000000000").alias("run_id")
    parts = [
        as_batch(rows, part, BEGIN).long().with_columns(run_id) for part, rows in enumerate(frame.iter_slices(PART))
    ]
    empty = [name for name in parts[0].columns if parts[0].get_column(name).null_count() == parts[0].height]
    tables = [part.drop(empty).to_arrow() for part in parts]
    bare = url.rpartition("&schema=")[0]
    with dbapi.connect(bare, autocommit=True) as db, db.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare")

        def work() -> None:
            for place, table in enumerate(tables):
                cursor.adbc_ingest("bare", table, mode="append" if place else "create")

        return taken(server, work)


def taken(server: PostgresServer, work: Callable[[], object]) -> Taken:
    """Give what something takes, of the processor in this process and in the server's together."""
    before, wall, cpu = served(server), time.perf_counter(), time.process_time()
    work()
    seconds = time.perf_counter() - wall
    return Taken(seconds, time.process_time() - cpu + served(server) - before)


def served(server: PostgresServer) -> float:
    """Give the seconds of the processor that the server's processes took so far."""
    parent = psutil.Process(int((server.folder / "postmaster.pid").read_text().split()[0]))
    own = parent.cpu_times()
    seconds = own.children_user + own.children_system
    for child in parent.children():
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system
    return seconds


def read(store: Any, ids: Sequence[str]) -> None:
    """Time look-ups of single leads, and the listing of all scores."""
    asked = random.Random(2).sample(list(ids), 300)
    for name, ask in (("score", store.score), ("current", store.current), ("history", store.history)):
        times = [timed(partial(ask, record_id)) for record_id in asked]
        print(f"{name + '(record), median':44}{statistics.median(times) * 1000:10.3f} ms")
    rows: list[int] = []
    listing = timed(lambda: rows.extend(frame.height for frame in store.scores(Selection())))
    print(f"{f'scores(), {sum(rows):,} in {len(rows)} frames':44}{listing:10.3f} s", flush=True)


if __name__ == "__main__":
    main()
