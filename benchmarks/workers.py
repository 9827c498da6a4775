"""Two workers against one: leads from Parquet through row functions and a summary to wide Parquet.

Each side runs in a process of its own, turn about, start-up included; memory is that of the
process and its children, sampled. Target on two cores: at least 1.6 times as fast over a
million leads, 1.7 over four million; the same peak at both.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks._measured import measured
from benchmarks.million import COLUMNS, MILLION, fit, make, recency

import mlsm
import mlsm.readers.parquet
from mlsm.readers import open_reader
from mlsm.service import Job, Output, run
from mlsm.writers import open_writer

ROUNDS = 3
TARGETS = {MILLION: 1.6, 4 * MILLION: 1.7}
WORDS = ("software", "health", "retail", "care", "ware", "tail")


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


@mlsm.summary_model(version="1", status="active", models=["fit", "recency", "interest", "market"])
def best(fit: Any, recency: Any, interest: Any, market: Any) -> float:
    """Let the best score win."""
    return float(max(fit.score, recency.score, interest.score, market.score))


def catalog() -> mlsm.Catalog:
    """Make four row models and a summary."""
    decorate = mlsm.model(version="1", status="active")
    return mlsm.Catalog([*map(decorate, (fit, recency, interest, market)), best])


def score(workers: str, source: str, target: str) -> None:
    """Score as `mlsm score --workers N --out --wide` does, without a store."""
    job = Job(
        catalog=catalog(),
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
    print(f"{'leads':>9}  {'workers':>7} {'seconds':>8} {'speed-up':>8} {'peak MB':>8}   ({len(COLUMNS)} columns)")
    sizes = [int(float(os.environ["MLSM_BENCH_LEADS"]))] if "MLSM_BENCH_LEADS" in os.environ else [*TARGETS]
    for rows in sizes:
        source = folder / f"leads-{rows}.parquet"
        if not source.exists():
            make(source, rows)
        found: dict[str, list[tuple[float, float]]] = {"1": [], "2": [], "0": []}
        for _ in range(ROUNDS):
            for workers, times in found.items():
                times.append(measured("benchmarks.workers", workers, str(source), str(folder / "scores.parquet")))
        one = median(seconds for seconds, _ in found["1"])
        for workers, times in found.items():
            seconds = median(second for second, _ in times)
            print(f"{rows:>9,}  {workers:>7} {seconds:8.2f} {one / seconds:8.2f} {max(mb for _, mb in times):8.0f}")
        if target := TARGETS.get(rows):
            reached = one / median(seconds for seconds, _ in found["2"])
            print(f"two workers: {reached:.2f} (at least {target}: {'kept' if reached >= target else 'MISSED'})")


if __name__ == "__main__":
    begin = time.perf_counter()
    score(*sys.argv[1:])
    print(time.perf_counter() - begin)
    print(time.process_time(), file=sys.stderr)
