"""What storing in SQLite costs: 100,000 leads with 4 results each, ids in random order.

The measure is `executemany` of the same rows into one table without any index. The same
leads are stored 20 times, each time in another order, to see whether a store slows down as
its history grows; then single leads are looked up in it, and a part is written beside a
thread that is busy in Python, as scoring in Python is.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl

from mlsm._batch import Batch, ModelColumns
from mlsm.contracts import InputEntry, ModelEntry, RunPlan, Selection
from mlsm.stores.sqlite import SqliteStore

LEADS = 100_000
MODELS = 4
PART = 20_000
RUNS = 20
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Taken(NamedTuple):
    """Seconds: those that passed, and those of the processor, which another program does not lengthen."""

    wall: float
    cpu: float


def main() -> None:
    """Print the table."""
    with TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "store.db")
        ids = random_ids()
        bare: list[Taken] = []
        stored: list[Taken] = []
        for run in range(RUNS):
            frame = results_of(ids, run)
            if run % 5 == 0:
                bare.append(executemany(frame, Path(folder) / "bare.db"))
            stored.append(taken(partial(store_run, store, run, frame)))
        unit = median(bare)
        early, late = median(stored[1:4]), median(stored[17:20])
        print(f"{LEADS:,} leads x {MODELS} results, random ids, parts of {PART:,}")
        print(f"{'':44}{'wall':>10}{'CPU':>12}{'wall':>12}{'CPU':>8}")
        compare("executemany into one table, no index", unit, unit)
        compare("run 1 (all ids new)", stored[0], unit)
        compare("runs 2 to 4, median", early, unit)
        compare("runs 18 to 20, median", late, unit)
        compare("all runs, median (at most 3)", median(stored), unit)
        compare("runs 18 to 20 to runs 2 to 4 (at most 1.25)", late, early)
        size = store.path.stat().st_size / (RUNS * LEADS * MODELS)
        print(f"{'bytes a result, all told':44}{size:10.1f}")
        read(store, ids)
        beside(store, results_of(ids, RUNS))
        store.dispose()


def random_ids() -> list[str]:
    """Draw ids that come in no order."""
    draw = random.Random(1)
    return [f"{number:010d}" for number in draw.sample(range(10**10), LEADS)]


def results_of(ids: Sequence[str], run: int) -> pl.DataFrame:
    """Make the wide results of one run, its leads in an order of their own."""
    draw = random.Random(run)
    columns: dict[str, list[object]] = {"record_id": draw.sample(ids, len(ids))}
    for model in range(MODELS):
        columns[f"m{model}@1.outcome"] = [0] * len(ids)
        columns[f"m{model}@1.score"] = [draw.random() * 100 for _ in ids]
        columns[f"m{model}@1.label"] = draw.choices("ABCD", k=len(ids))
    return pl.DataFrame(columns)


def as_batch(frame: pl.DataFrame, part: int, as_of: datetime) -> Batch:
    """Make a part of these results."""
    models = tuple(ModelColumns(name=f"m{model}", version="1", status="active") for model in range(MODELS))
    return Batch(part=part, models=models, frame=frame, as_of=as_of, scored_at=as_of)


def store_run(store: SqliteStore, run: int, frame: pl.DataFrame) -> None:
    """Store one run, part by part."""
    models = tuple(
        ModelEntry(name=f"m{model}", version="1", status="active", kind="function", digest="0")
        for model in range(MODELS)
    )
    as_of = BEGIN + timedelta(days=run)
    opened = store.open_run(RunPlan(purpose="live", as_of=as_of, models=models, inputs=leads_of(frame), id_column="id"))
    for part, rows in enumerate(frame.iter_slices(PART)):
        store.write(opened.run_id, part, "active", as_batch(rows, part, as_of), [])
    store.close_run(opened.run_id, state="finished", report={})


def leads_of(frame: pl.DataFrame) -> tuple[InputEntry, ...]:
    """Note what a run reads: one input, in which each lead comes once."""
    parts = tuple(rows.height for rows in frame.iter_slices(PART))
    return (InputEntry(source="leads.csv", fingerprint=f"{frame.height}", options={}, parts=parts),)


def executemany(frame: pl.DataFrame, path: Path) -> Taken:
    """Time the bare insertion of the same rows, made ready before."""
    long = as_batch(frame, 0, BEGIN).long().with_columns(pl.lit("0190a5e0-0000-7000-8000-000000000000").alias("run_id"))
    long = long.with_columns(pl.col("as_of", "scored_at").to_physical())
    long = long.drop([name for name in long.columns if long.get_column(name).null_count() == long.height])
    rows = long.rows()
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.execute(f"CREATE TABLE result ({', '.join(long.columns)})")
    found = taken(lambda: insert(db, rows))
    db.close()
    return found


def insert(db: sqlite3.Connection, rows: list[tuple[object, ...]]) -> None:
    """Insert rows as a script would."""
    db.executemany(f"INSERT INTO result VALUES ({', '.join('?' * len(rows[0]))})", rows)
    db.commit()


def read(store: SqliteStore, ids: Sequence[str]) -> None:
    """Time look-ups of single leads, and the listing of all scores."""
    asked = random.Random(2).sample(ids, 300)
    for name, ask in (("score", store.score), ("current", store.current), ("history", store.history)):
        times = [timed(partial(ask, record_id)) for record_id in asked]
        show(f"{name}(record), median", statistics.median(times) * 1000, "ms")
    rows: list[int] = []
    listing = timed(lambda: rows.extend(frame.height for frame in store.scores(Selection())))
    show(f"scores(), {sum(rows):,} in {len(rows)} frames", listing, "s")


def beside(store: SqliteStore, frame: pl.DataFrame) -> None:
    """Time a run that is stored in a thread beside another one that is busy in Python."""
    alone = timed(lambda: store_run(store, RUNS, frame))
    show("a run written alone", alone, "s")
    counted = [0]
    stop = threading.Event()
    free = spun(counted, stop, seconds=1.0)
    busy = threading.Thread(target=spin, args=(counted, stop))
    counted[0] = 0
    busy.start()
    together = timed(lambda: store_run(store, RUNS + 1, frame))
    stop.set()
    busy.join()
    show("a run written beside a busy Python thread", together, "s", together / alone)
    print(f"{'  which got done meanwhile':44}{counted[0] / together / free:10.0%} of what it does alone")


def spin(counted: list[int], stop: threading.Event) -> None:
    """Count, in Python."""
    while not stop.is_set():
        for _ in range(1000):
            counted[0] += 1


def spun(counted: list[int], stop: threading.Event, seconds: float) -> float:
    """Tell how much a thread counts in a second when it is alone."""
    busy = threading.Thread(target=spin, args=(counted, stop))
    begin = time.perf_counter()
    busy.start()
    time.sleep(seconds)
    stop.set()
    busy.join()
    stop.clear()
    return counted[0] / (time.perf_counter() - begin)


def taken(work: Callable[[], object]) -> Taken:
    """Give what something takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - wall, time.process_time() - cpu)


def median(measured: Sequence[Taken]) -> Taken:
    """Give the medians."""
    return Taken(*(statistics.median(column) for column in zip(*measured, strict=True)))


def compare(what: str, measured: Taken, to: Taken) -> None:
    """Print one row: the seconds, and how often they are those of something else."""
    ratios = f"{measured.wall / to.wall:9.2f} x{measured.cpu / to.cpu:6.2f} x"
    print(f"{what:44}{measured.wall:8.3f} s{measured.cpu:10.3f} s{ratios}")


def timed(work: Callable[[], object]) -> float:
    """Give the seconds that something takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def show(what: str, value: float, unit: str, ratio: float | None = None) -> None:
    """Print one row."""
    print(f"{what:44}{value:10.3f} {unit}" + ("" if ratio is None else f"   {ratio:.2f} times as long"))


if __name__ == "__main__":
    main()
