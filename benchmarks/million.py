"""A million leads from Parquet to wide Parquet: two frame functions, two row functions, a summary.

The hand-written script uses the same functions, reads only the columns it needs, zips them
as lists, checks nothing and contains no failure. Each side runs in a process of its own,
turn about; memory is that of the process and its children, sampled. Target: time at most
1.3 of the script's, peak under 1 GB and the same at four million.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Literal

import polars as pl
from benchmarks._measured import measured

import mlsm
import mlsm.readers.parquet
from mlsm.readers import open_reader
from mlsm.service import Job, Output, run
from mlsm.writers import open_writer

ROUNDS = 3
MILLION = 1_000_000
CHUNK = 250_000
COLUMNS = ("employees", "country", "revenue", "opens", "visits", "industry", "days")


def propensity(leads: pl.DataFrame) -> pl.Series:
    """Score by a logistic formula."""
    z = pl.col("revenue") / 1e6 + pl.col("opens") - 1
    return leads.select(100 / (1 + (-z).exp())).to_series()


def engagement(leads: pl.DataFrame) -> pl.Series:
    """Score visits, with a bonus for an industry."""
    bonus = pl.when(pl.col("industry") == "software").then(20.0).otherwise(5.0)
    return leads.select(pl.col("visits").clip(0, 100) * 0.7 + bonus).to_series()


def fit(employees: int, country: str) -> float:
    """Score firmographics by points."""
    points = 10.0
    if employees > 5000:
        points += 40.0
    elif employees > 500:
        points += 20.0
    if country in ("DE", "FR"):
        points += 15.0
    return points


def recency(days: int) -> float:
    """Score by half-life."""
    return 100.0 * 0.5 ** (days / 90)


def best_of(one: float, two: float, three: float, four: float) -> float:
    """Let the best score win."""
    return max(one, two, three, four)


def make(path: Path, rows: int) -> None:
    """Write leads in chunks, with a seed."""
    draw = random.Random(7)
    parts = []
    for start in range(0, rows, CHUNK):
        size = min(CHUNK, rows - start)
        numbers = range(start, start + size)
        parts.append(
            pl.DataFrame(
                {
                    "id": [f"{number:09d}" for number in numbers],
                    "email": [f"lead{number}@example.com" for number in numbers],
                    "employees": draw.choices(range(10_000), k=size),
                    "country": draw.choices(["DE", "FR", "US", "GB", "IN"], k=size),
                    "revenue": [draw.random() * 1e6 for _ in numbers],
                    "opens": [draw.random() for _ in numbers],
                    "visits": draw.choices(range(200), k=size),
                    "industry": draw.choices(["software", "retail", "health"], k=size),
                    "days": draw.choices(range(400), k=size),
                }
            )
        )
    pl.concat(parts).write_parquet(path, row_group_size=CHUNK)


def by_hand(source: str, target: str) -> None:
    """Score as a script would."""
    leads = pl.read_parquet(source, columns=["id", *COLUMNS])
    one, two = propensity(leads), engagement(leads)
    three = [fit(a, b) for a, b in zip(leads["employees"].to_list(), leads["country"].to_list(), strict=True)]
    four = [recency(a) for a in leads["days"].to_list()]
    best = [best_of(*scores) for scores in zip(one.to_list(), two.to_list(), three, four, strict=True)]
    columns = {"id": leads["id"], "propensity": one, "engagement": two, "fit": three, "recency": four, "best": best}
    pl.DataFrame(columns).write_parquet(target)


def by_mlsm(source: str, target: str, *, batch_summary: bool = False, workers: int | Literal["auto"] = "auto") -> None:
    """Score as `mlsm score --out --wide` does, without a store; the number of workers is left to it."""
    names = ["propensity", "engagement", "fit", "recency"]
    summary = mlsm.summary_model(version="1", status="active", models=names, name="best", batch=batch_summary)
    active = {"version": "1", "status": "active"}
    catalog = mlsm.Catalog(
        [
            mlsm.model(**active, batch=True, fields={"revenue": float, "opens": float})(propensity),
            mlsm.model(**active, batch=True, fields={"visits": int, "industry": str})(engagement),
            mlsm.model(**active)(fit),
            mlsm.model(**active)(recency),
            summary(_best_by_column if batch_summary else _best_by_row),
        ]
    )
    job = Job(catalog=catalog, inputs=(open_reader(source),), id_column="id", as_of=datetime.now(UTC))
    job = replace(job, workers=workers)
    run(job, outputs=[Output(writer=open_writer(target), wide=True)])


def _best_by_row(propensity, engagement, fit, recency):  # type: ignore[no-untyped-def]
    return max(propensity.score, engagement.score, fit.score, recency.score)


def _best_by_column(results: pl.DataFrame) -> pl.Series:
    return results.select(pl.max_horizontal(pl.col(r"^.*\.score$"))).to_series()


WAYS = {
    "hand": by_hand,
    "mlsm": by_mlsm,
    "mlsm, summary by columns": lambda source, target: by_mlsm(source, target, batch_summary=True),
    "mlsm, one process": lambda source, target: by_mlsm(source, target, workers=0),
}


def main() -> None:
    """Print time and memory of each way, for one and four million leads."""
    folder = Path(os.environ.get("BENCH_DIR", tempfile.gettempdir())) / "mlsm-benchmarks"
    folder.mkdir(exist_ok=True)
    print(f"{'leads':>9}  {'way':26} {'seconds':>8} {'ratio':>6} {'peak MB':>8}")
    for rows in (MILLION, 4 * MILLION):
        source = folder / f"leads-{rows}.parquet"
        if not source.exists():
            make(source, rows)
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        for _ in range(ROUNDS):
            for way, times in found.items():
                times.append(measured("benchmarks.million", way, str(source), str(folder / "scores.parquet")))
        hand = median(seconds for seconds, _ in found["hand"])
        for way, times in found.items():
            seconds = median(second for second, _ in times)
            print(f"{rows:>9,}  {way:26} {seconds:8.2f} {seconds / hand:6.2f} {max(mb for _, mb in times):8.0f}")
    print("target: ratio at most 1.3, peak under 1,000 MB and the same at four million")


if __name__ == "__main__":
    way, source, target = sys.argv[1:]
    begin = time.perf_counter()
    WAYS[way](source, target)
    print(time.perf_counter() - begin)
    print(time.process_time(), file=sys.stderr)
