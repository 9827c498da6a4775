"""A million leads through five fitted models and a best-score summary, Parquet to wide Parquet.

A scorecard, a recency scorecard, a scikit-learn pipeline, LightGBM, a forest in ONNX. The
hand-written script uses polars expressions for the scorecards, the pipeline's coefficients
as tables, and the same libraries and files for the rest; it checks nothing. MLflow's pyfunc
is asked over a tenth of the leads; the time of that tenth, without imports and loading,
counts ten times. `mlflow` is all five models, the points as Python functions of a row;
`fitted` the three fitted models alone, which is their libraries' own time.
Targets: at most 1.15 of the script, at least 5 times as fast as MLflow, memory under 1.2 GB
however long the file.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
from benchmarks._fitted import COLUMNS, NUMBERS, TODAY, WORDS, fit, write_leads
from benchmarks._measured import measured

MILLION = 1_000_000
ROUNDS = 3
TENTH = 10


def by_hand(folder: Path, source: str, target: str) -> None:
    """Score as a script would, with the same libraries in the same form."""
    import lightgbm
    import numpy as np
    import onnxruntime

    coefficients, intercept, words = _tables(folder)
    booster = lightgbm.Booster(model_file=folder / "booster.txt")
    session = onnxruntime.InferenceSession(folder / "forest.onnx")
    leads = pl.read_parquet(source, columns=["id", *COLUMNS])
    points = leads.select(
        fit=pl.when(pl.col("employees") >= 5000).then(30.0).when(pl.col("employees") >= 500).then(20.0).otherwise(0.0)
        + pl.when(pl.col("revenue") >= 500_000.0).then(25.0).otherwise(0.0)
        + pl.when(pl.col("country").is_in(["DE", "FR"])).then(15.0).otherwise(0.0)
        + pl.when(pl.col("industry") == "software").then(20.0).otherwise(0.0),
        recency=100.0 * 0.5 ** ((pl.lit(TODAY) - pl.col("last_visit")).dt.total_days() / 30),
    )
    matrix = leads.select(NUMBERS).to_numpy()
    odds = matrix @ coefficients + intercept
    for name, table in words.items():
        odds += leads[name].replace_strict(table, return_dtype=pl.Float64).to_numpy()
    propensity = 100 / (1 + np.exp(-odds))
    boosted = 100 * np.asarray(booster.predict(matrix))
    voted = 100.0 * session.run(["probabilities"], {"leads": matrix.astype(np.float32)})[0][:, 1].astype(np.float64)
    scores = points.with_columns(propensity=propensity, booster=boosted, forest=voted)
    best = scores.select(
        pl.max_horizontal(pl.col("fit") / 0.9, "recency", "propensity", "booster", "forest").alias("best")
    )
    pl.concat([leads.select("id"), scores, best], how="horizontal").write_parquet(target)


def _tables(folder: Path) -> tuple[Any, float, dict[str, dict[str, float]]]:
    """Read the pipeline's coefficients from the same file as mlsm does, those of numbers unscaled."""
    import skops.io

    pipeline = skops.io.load(folder / "propensity.skops", trusted=[])
    prepare, logistic = pipeline.named_steps["prepare"], pipeline.named_steps["fit"]
    scaler, encoder = prepare.named_transformers_["numbers"], prepare.named_transformers_["words"]
    weights = logistic.coef_[0]
    numbers = weights[: len(NUMBERS)] / scaler.scale_
    words, place = {}, len(NUMBERS)
    for name, categories in zip(WORDS, encoder.categories_, strict=True):
        words[name] = dict(zip(categories, weights[place : place + len(categories)].tolist(), strict=True))
        place += len(categories)
    return numbers, float(logistic.intercept_[0] - numbers @ scaler.mean_), words


def by_mlsm(folder: Path, source: str, target: str) -> None:
    """Score as `mlsm score --out --wide` does, without a store; the number of workers is left to it."""
    import mlsm
    from mlsm.readers import open_reader
    from mlsm.service import Job, Output, run
    from mlsm.writers import open_writer

    clock = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
    inputs = (open_reader(source),)
    job = Job(catalog=mlsm.load(folder), inputs=inputs, id_column="id", as_of=clock, workers="auto")
    run(job, outputs=[Output(writer=open_writer(target), wide=True)])


def by_mlflow(folder: Path, source: str, target: str) -> float:
    """Ask all five models through pyfunc, on pandas, over a tenth of the leads."""
    return _asked_through_pyfunc(folder, source, target, ("fit", "recency", "propensity", "booster", "forest"))


def by_fitted(folder: Path, source: str, target: str) -> float:
    """Ask the fitted models alone."""
    return _asked_through_pyfunc(folder, source, target, ("propensity", "booster", "forest"))


def _asked_through_pyfunc(folder: Path, source: str, target: str, names: Sequence[str]) -> float:
    import mlflow
    import numpy as np
    import pandas as pd

    table = pl.read_parquet(source, columns=["id", *COLUMNS]).head(MILLION // TENTH).to_pandas()
    scores = pd.DataFrame({"id": table["id"]})
    models = {name: mlflow.pyfunc.load_model(str(_saved(folder, name))) for name in names}
    read: dict[str, list[str]] = {name: [*NUMBERS] for name in ("booster", "forest")}
    read |= {"recency": ["last_visit"]}
    begin = time.perf_counter()
    for name, model in models.items():
        predicted = np.asarray(model.predict(table[read.get(name, [*NUMBERS, *WORDS])]))
        factor = 1 if name in ("fit", "recency") else 100
        scores[name] = factor * (predicted if predicted.ndim == 1 else predicted[:, 1])
    scores["best"] = scores.drop(columns=["id"]).max(axis=1)
    scores.to_parquet(target)
    return (TENTH - 1) * (time.perf_counter() - begin)


def _saved(folder: Path, name: str) -> Path:
    """Save a model as MLflow does, once."""
    import pickle

    import lightgbm
    import mlflow

    path = folder / "mlflow" / name
    if not path.exists():
        if name in ("fit", "recency"):
            from benchmarks._mlflow_points import Fit, Recency

            mlflow.pyfunc.save_model(path, python_model=Fit() if name == "fit" else Recency())
        elif name == "booster":
            mlflow.lightgbm.save_model(lightgbm.Booster(model_file=folder / "booster.txt"), path)
        else:
            fitted = pickle.loads((folder / f"{name}.pickle").read_bytes())
            mlflow.sklearn.save_model(
                fitted, path, serialization_format="cloudpickle", pyfunc_predict_fn="predict_proba"
            )
    return path


WAYS: dict[str, Callable[[Path, str, str], float | None]] = {
    "hand": by_hand,
    "mlsm": by_mlsm,
    "mlflow": by_mlflow,
    "fitted": by_fitted,
}


def main() -> None:
    """Print time and memory of each way, for one and four million leads."""
    folder = Path(os.environ.get("BENCH_DIR", tempfile.gettempdir())) / "mlsm-benchmarks"
    project = folder / "fitted"
    if not (project / "mlsm.toml").exists():
        fit(project)
    print(f"{'leads':>9}  {'way':8} {'seconds':>8} {'ratio':>6} {'peak MB':>8}")
    for rows in (MILLION, 4 * MILLION):
        source = folder / f"fitted-{rows}.parquet"
        if not source.exists():
            write_leads(source, rows)
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in ("hand", "mlsm")}
        for _ in range(ROUNDS):
            for way, times in found.items():
                times.append(
                    measured("benchmarks.models", way, str(project), str(source), str(folder / f"{way}.parquet"))
                )
        if rows == MILLION:
            arguments = (str(project), str(source), str(folder / "mlflow.parquet"))
            measured("benchmarks.models", "mlflow", *arguments)  # saves the models
            found |= {way: [measured("benchmarks.models", way, *arguments)] for way in ("mlflow", "fitted")}
        hand = median(seconds for seconds, _ in found["hand"])
        for way, times in found.items():
            seconds = median(second for second, _ in times)
            print(f"{rows:>9,}  {way:8} {seconds:8.2f} {seconds / hand:6.2f} {max(mb for _, mb in times):8.0f}")
    print("target: ratio at most 1.15, peak under 1,200 MB however long the file")


if __name__ == "__main__":
    way, folder, source, target = sys.argv[1:]
    begin = time.perf_counter()
    besides = WAYS[way](Path(folder), source, target) or 0.0  # of what was asked about a part alone
    print(time.perf_counter() - begin + besides)
