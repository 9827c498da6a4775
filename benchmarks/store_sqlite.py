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
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from mlsm._batch import Batch, ModelColumns
from mlsm.contracts import ModelEntry, RunPlan, Selection
from mlsm.stores.sqlite import SqliteStore

LEADS = 100_000
MODELS = 4
PART = 20_000
RUNS = 20
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Print the table."""
    with TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "store.db")
        bare, stored = [], []
        ids = random_ids()
        for run in range(RUNS):
            frame = results_of(ids, run)
            if run % 5 == 0:
                bare.append(executemany(frame, Path(folder) / "bare.db"))
            stored.append(timed(lambda run=run, frame=frame: store_run(store, run, frame)))
        unit = statistics.median(bare)
        early, late = statistics.median(stored[1:4]), statistics.median(stored[17:20])
        print(f"{LEADS:,} leads x {MODELS} results, random ids, parts of {PART:,}")
        show("executemany into one table, no index", unit, "s")
        show("run 1 (all ids new)", stored[0], "s", stored[0] / unit)
        show("runs 2 to 4, median", early, "s", early / unit)
        show("runs 18 to 20, median", late, "s", late / unit)
        print(f"{'  runs 18 to 20 to runs 2 to 4':44}{late / early:10.2f} times (at most 1.25)")
        show("all runs, median (at most 3 times)", statistics.median(stored), "s", statistics.median(stored) / unit)
        size = store.path.stat().st_size / (RUNS * LEADS * MODELS)
        print(f"{'bytes a result, all told':44}{size:10.1f}")
        read(store, ids)
        beside(store, ids, results_of(ids, RUNS))
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
    opened = store.open_run(RunPlan(purpose="live", as_of=as_of, models=models, inputs=(), id_column="id"))
    for part, rows in enumerate(frame.iter_slices(PART)):
        store.write(opened.run_id, part, "active", as_batch(rows, part, as_of), [])
    store.close_run(opened.run_id, state="finished", report={})


def executemany(frame: pl.DataFrame, path: Path) -> float:
    """Time the bare insertion of the same rows, made ready before."""
    long = as_batch(frame, 0, BEGIN).long().with_columns(pl.lit("0190a5e0-0000-7000-8000-000000000000").alias("run_id"))
    long = long.with_columns(pl.col("as_of", "scored_at").to_physical())
    long = long.drop([name for name in long.columns if long.get_column(name).null_count() == long.height])
    rows = long.rows()
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.execute(f"CREATE TABLE result ({', '.join(long.columns)})")
    taken = timed(lambda: insert(db, rows))
    db.close()
    return taken


def insert(db: sqlite3.Connection, rows: list[tuple[object, ...]]) -> None:
    """Insert rows as a script would."""
    db.executemany(f"INSERT INTO result VALUES ({', '.join('?' * len(rows[0]))})", rows)
    db.commit()


def read(store: SqliteStore, ids: Sequence[str]) -> None:
    """Time look-ups of single leads, and the listing of all scores."""
    asked = random.Random(2).sample(ids, 300)
    for name, ask in (("score", store.score), ("current", store.current), ("history", store.history)):
        taken = [timed(lambda ask=ask, record_id=record_id: ask(record_id)) for record_id in asked]
        show(f"{name}(record), median", statistics.median(taken) * 1000, "ms")
    rows: list[int] = []
    taken = timed(lambda: rows.extend(frame.height for frame in store.scores(Selection())))
    show(f"scores(), {sum(rows):,} in {len(rows)} frames", taken, "s")


def beside(store: SqliteStore, ids: Sequence[str], frame: pl.DataFrame) -> None:
    """Time a run that is stored in a thread beside another one that is busy in Python."""
    alone = timed(lambda: store_run(store, RUNS, frame))
    show("a run written alone", alone, "s")
    counted = [0]
    stop = threading.Event()
    free = spun(counted, stop, seconds=1.0)
    busy = threading.Thread(target=spin, args=(counted, stop))
    counted[0] = 0
    busy.start()
    taken = timed(lambda: store_run(store, RUNS + 1, frame))
    stop.set()
    busy.join()
    show("a run written beside a busy Python thread", taken, "s", taken / alone, "of it alone")
    print(f"{'  which got done meanwhile':44}{counted[0] / taken / free:10.0%} of what it does alone")


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


def timed(work: Callable[[], object]) -> float:
    """Give the seconds that something takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def show(what: str, value: float, unit: str, ratio: float | None = None, of: str = "executemany") -> None:
    """Print one row."""
    print(f"{what:44}{value:10.3f} {unit}" + ("" if ratio is None else f"   {ratio:.2f} times {of}"))


if __name__ == "__main__":
    main()
