"""What a process of its own costs: a cheap function and a booster over many rows, one record, a hanging draft.

Ratios within one run; the sides take turns. Targets: at most 0.4 µs a row for the function,
at most 1.15 of inline for LightGBM of 100 trees, at most 200 µs for one record, and less
than its own time-out for a draft that hangs on every record.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

import mlsm
from mlsm.contracts import Isolated
from mlsm.readers import open_reader
from mlsm.service import Job, prepared, run

ROWS = int(os.environ.get("MLSM_BENCH_ROWS", "1000000"))
ROUNDS = 3
ONE_RECORDS = 3_000
HANG_SECONDS = (0.5, 5.0)


@mlsm.model(version="1", status="active")
def cheap(x: float) -> float:
    """Answer at once."""
    return x * 0.5


@mlsm.model(version="1")
def hangs(x: float) -> float:
    """Never answer."""
    while x > -1:
        pass
    return x


def _booster(folder: Path) -> mlsm.Model:
    import lightgbm as lgb

    rng = np.random.default_rng(7)
    columns = rng.normal(size=(20_000, 10))
    follows = (columns @ rng.normal(size=10) > 0).astype(int)
    names = [f"c{place}" for place in range(10)]
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": 1}
    file = folder / "booster.txt"
    lgb.train(options, lgb.Dataset(columns, follows, feature_name=names), 100).save_model(file)
    model = mlsm.load(file, name="booster", version="1", status="active")
    if isinstance(model, mlsm.Catalog):
        raise TypeError(file)
    return model


def _leads(folder: Path) -> Path:
    rng = np.random.default_rng(8)
    columns: dict[str, Any] = {"id": pl.Series(range(ROWS)).cast(pl.String), "x": rng.random(ROWS)}
    columns |= {f"c{place}": rng.normal(size=ROWS) for place in range(10)}
    path = folder / "leads.parquet"
    pl.DataFrame(columns).write_parquet(path)
    return path


def _seconds(models: Iterable[mlsm.Model], leads: Path) -> float:
    catalog = mlsm.Catalog(models)
    prepared(catalog)
    begin = time.perf_counter()
    run(Job(catalog=catalog, inputs=(open_reader(str(leads)),), id_column="id", as_of=datetime(2026, 1, 1, tzinfo=UTC)))
    taken = time.perf_counter() - begin
    _end(catalog)
    return taken


def _end(catalog: mlsm.Catalog) -> None:
    for step in prepared(catalog).steps:
        if isinstance(step.predictor, Isolated):
            step.predictor.end()


def _one(model: mlsm.Model) -> float:
    catalog = mlsm.Catalog([model])
    times = []
    for _ in range(ONE_RECORDS):
        begin = time.perf_counter()
        mlsm.score_one(catalog, {"id": "1", "x": 0.5})
        times.append(time.perf_counter() - begin)
    _end(catalog)
    return median(times) * 1e6


def main() -> None:
    """Print what each side takes."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        leads, booster = _leads(folder), _booster(folder)
        print(f"{'':34} {'inline':>9} {'process':>9}   {'':20} target")
        for name, model in (("a cheap function", cheap), ("LightGBM of 100 trees", booster)):
            sides: dict[str, list[float]] = {"inline": [], "process": []}
            for _ in range(ROUNDS):
                for rung, times in sides.items():
                    times.append(_seconds([model.with_isolation(rung)], leads))
            inline, process = min(sides["inline"]), min(sides["process"])
            told = f"{(process - inline) / ROWS * 1e6:+.2f} µs a row, {process / inline:.2f}"
            target = "+0.40 µs a row" if model is cheap else "1.15"
            print(f"{name + f', {ROWS:,} rows':34} {inline:7.2f} s {process:7.2f} s   {told:20} {target}")
        inline, process = _one(cheap), _one(cheap.with_isolation("process"))
        print(f"{'one record':34} {inline:6.1f} µs {process:6.1f} µs   {process - inline:+.0f} µs{'':14} +200 µs")
        alone = _seconds([cheap], leads)
        both = _seconds([cheap, hangs.with_isolation("process", timeout=HANG_SECONDS)], leads)
        told = f"{both - alone:+.2f} s, target under +{HANG_SECONDS[1]} s"
        print(f"{'a draft that always hangs':34} {alone:7.2f} s {both:7.2f} s   {told}")


if __name__ == "__main__":
    sys.exit(main())
