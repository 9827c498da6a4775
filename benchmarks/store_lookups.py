"""How long one lead takes to look up among 10 million results: over 100 runs, and over one.

    python -m benchmarks.store_lookups [URL] [RESULTS] [RUNS]

Without a URL a SQLite file is filled in a temporary folder. The score and what is current
must take less than 2 ms at the median.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from benchmarks.store_sqlite import BEGIN, MODELS, PART, as_batch

from mlsm.contracts import InputEntry, ModelEntry, RunPlan, Selection, Store
from mlsm.stores import open_store

RESULTS = 10_000_000
ASKED = 300


def main(url: str = "", results: int = RESULTS, runs: int = 0) -> None:
    """Fill a store for each number of runs, and print how long questions take."""
    for count in (runs,) if runs else (100, 1):
        with TemporaryDirectory() as folder:
            store = open_store(url or f"sqlite:///{folder}/store.db", Path(folder))
            fill(store, results // MODELS // count, count)
            tell(store, results // MODELS // count, count)
            store.dispose()


def fill(store: Store, leads: int, runs: int) -> None:
    """Store the same leads again and again, in parts of 20,000."""
    models = tuple(
        ModelEntry(name=f"m{model}", version="1", status="active", kind="function", digest="0")
        for model in range(MODELS)
    )
    inputs = (InputEntry(source="leads.csv", fingerprint="", options={}, parts=tuple(range(0, leads, PART))),)
    for run in range(runs):
        as_of = BEGIN + timedelta(days=run)
        opened = store.open_run(RunPlan(purpose="live", as_of=as_of, models=models, inputs=inputs, id_column="id"))
        for part, start in enumerate(range(0, leads, PART)):
            store.write(opened.run_id, part, "active", as_batch(rows(start, min(start + PART, leads)), part, as_of), [])
        store.close_run(opened.run_id, state="finished", report={})


def rows(start: int, stop: int) -> pl.DataFrame:
    """Make the results of some leads, whose ids come in no order."""
    number = pl.int_range(start, stop, eager=True)
    columns: dict[str, pl.Series] = {"record_id": (number * 7_919_117 % 10_000_019).cast(pl.String).str.zfill(10)}
    for model in range(MODELS):
        columns[f"m{model}@1.outcome"] = pl.repeat(0, len(number), dtype=pl.UInt8, eager=True)
        columns[f"m{model}@1.score"] = (number * (model + 3) % 997).cast(pl.Float64)
        columns[f"m{model}@1.label"] = pl.repeat("A", len(number), eager=True)
    return pl.DataFrame(columns)


def tell(store: Store, leads: int, runs: int) -> None:
    """Print the medians of look-ups, and what pruning and forgetting take."""
    ids = rows(0, leads).get_column("record_id")
    asked = [ids[place] for place in random.Random(2).sample(range(leads), min(ASKED, leads))]
    print(f"{leads * runs * MODELS:,} results, {leads:,} leads over {runs} runs, {store.size() / 1e6:,.0f} MB")
    for name, ask in (("score", store.score), ("current", store.current), ("history", store.history)):
        times = [timed(partial(ask, record_id)) for record_id in asked]
        show(f"{name}(record), median", statistics.median(times) * 1000, "ms")
    show("last_good of 300 leads", timed(partial(store.last_good, ["m0", "m1"], asked)), "s")
    show("top(model, 10)", timed(partial(store.top, "m0", 10)), "s")
    show("forget(record)", timed(partial(store.forget, asked[0])), "s")
    if runs > 1:
        show("prune(keep_runs=half)", timed(partial(store.prune, keep_runs=runs // 2)), "s")
    show("scores(), all", timed(partial(count, store)), "s")


def count(store: Store) -> int:
    """Read every score."""
    return sum(frame.height for frame in store.scores(Selection()))


def timed(work: Callable[[], object]) -> float:
    """Give the seconds that something takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def show(what: str, value: float, unit: str) -> None:
    """Print one row."""
    print(f"  {what:36}{value:10.3f} {unit}")


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:4]))
