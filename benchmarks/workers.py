"""Two workers against one: leads from Parquet through row functions and a summary to wide Parquet.

Each side runs in a process of its own, turn about, start-up included. Memory is that of the
process and its children, sampled in one more round: who samples takes a twentieth of a core,
and two workers leave none free. Target on two cores: at least 1.6 times as fast over a
million leads, 1.7 over four million; the same peak at both.

With one worker the parent already reads and writes beside it, so the cheaper the models,
the smaller the share that a second worker can take. There are two loads: the target holds
for six row functions that together take the eight or nine seconds a million that half a dozen
real ones take; the other, four of the cheapest, shows where sharing pays least.
"""

from __future__ import annotations

import math
import os
import re
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks._measured import measured, timed
from benchmarks.million import MILLION, fit, make, recency

import mlsm
import mlsm.readers.parquet
from mlsm.readers import open_reader
from mlsm.service import Job, Output, run
from mlsm.writers import open_writer

ROUNDS = 3
TARGETS = {MILLION: 1.6, 4 * MILLION: 1.7}
WORDS = ("software", "health", "retail", "care", "ware", "tail")
TERMS = re.compile(r"\b(soft|hard)?ware|tail\b|^health")


def interest(revenue: float, opens: float, visits: int) -> float:
    """Score activity by a formula, step by step."""
    score = 0.0
    for weight, value in ((0.5, revenue / 1e6), (0.3, opens), (0.2, visits / 200)):
        score += weight * min(1.0, value) ** 0.5
    return 100.0 * score


def market(industry: str, country: str, employees: int) -> Any:
    """Score the market; say which one it is."""
    found = sum(word in industry for word in WORDS)
    label = "home" if country in ("DE", "FR") else "abroad"
    return {"score": 10.0 * found + min(employees, 1_000) / 20, "label": label}


def momentum(days: int, visits: int, opens: float) -> float:
    """Score eight weeks of visits, each week worth less than the one after it."""
    total = 0.0
    for week in range(8):
        total += visits * math.exp(-(days + 7 * week) / 60)
    return min(100.0, total / 8 + 20 * opens)


def purchasing(employees: int, revenue: float, industry: str) -> float | None:
    """Score the power to buy; say nothing of those without revenue."""
    if revenue <= 0:
        return None
    spread = math.log1p(revenue) / max(1.0, math.log1p(employees))
    return max(0.0, min(100.0, 40 * spread + (15 if TERMS.search(industry) else 0)))


@mlsm.summary_model(version="1", status="active", models=["fit", "recency", "interest", "market"])
def best(fit: Any, recency: Any, interest: Any, market: Any) -> float:
    """Let the best score win."""
    return float(max(fit.score, recency.score, interest.score, market.score))


LOADS = {"six": (fit, recency, interest, market, momentum, purchasing), "four": (fit, recency, interest, market)}


def catalog(load: str) -> mlsm.Catalog:
    """Make the row models of a load, and a summary of four of them."""
    decorate = mlsm.model(version="1", status="active")
    return mlsm.Catalog([*map(decorate, LOADS[load]), best])


def score(load: str, workers: str, source: str, target: str) -> None:
    """Score as `mlsm score --workers N --out --wide` does, without a store."""
    job = Job(
        catalog=catalog(load),
        inputs=(open_reader(source),),
        id_column="id",
        as_of=datetime.now(UTC),
        workers=int(workers),
    )
    run(job, outputs=[Output(writer=open_writer(target), wide=True)])


def main() -> None:
    """Print time and memory for one and two workers, and for none."""
    folder = Path(os.environ.get("BENCH_DIR", tempfile.gettempdir())) / "mlsm-benchmarks"
    folder.mkdir(exist_ok=True)
    print(f"{'functions':>9} {'leads':>9}  {'workers':>7} {'seconds':>8} {'speed-up':>8} {'peak MB':>8}")
    sizes = [int(float(os.environ["MLSM_BENCH_LEADS"]))] if "MLSM_BENCH_LEADS" in os.environ else [*TARGETS]
    for rows in sizes:
        source = folder / f"leads-{rows}.parquet"
        if not source.exists():
            make(source, rows)
        for load in LOADS:
            compare(load, rows, str(source), str(folder / "scores.parquet"))


def compare(load: str, rows: int, source: str, target: str) -> None:
    """Print the times of one load over one file."""
    times: dict[str, list[float]] = {"1": [], "2": [], "0": []}
    for _ in range(ROUNDS):
        for workers, taken in times.items():
            taken.append(timed("benchmarks.workers", load, workers, source, target))
    one = median(times["1"])
    for workers, taken in times.items():
        seconds, (_, peak) = median(taken), measured("benchmarks.workers", load, workers, source, target)
        print(f"{load:>9} {rows:>9,}  {workers:>7} {seconds:8.2f} {one / seconds:8.2f} {peak:8.0f}", flush=True)
    reached = one / median(times["2"])
    least = TARGETS.get(rows) if load == "six" else None
    verdict = f" (at least {least}: {'kept' if reached >= least else 'MISSED'})" if least else ""
    print(f"two workers, {load} functions: {reached:.2f}{verdict}")


if __name__ == "__main__":
    begin = time.perf_counter()
    score(*sys.argv[1:])
    print(time.perf_counter() - begin)
    print(time.process_time(), file=sys.stderr)
