"""Five fitted models and leads for them, made once into a folder, the same every time."""

from __future__ import annotations

import pickle
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

CHUNK = 250_000
TODAY = date(2026, 11, 1)
NUMBERS = ("employees", "revenue", "opens", "visits", "days")
WORDS = ("country", "industry")
COLUMNS = (*NUMBERS, *WORDS, "last_visit")
TREES = 100
FOREST = 50

POINTS = """\
[[rule]]
field = "employees"
at_least = 5000
points = 30

[[rule]]
field = "employees"
at_least = 500
below = 5000
points = 20

[[rule]]
field = "revenue"
at_least = 500000.0
points = 25

[[rule]]
field = "country"
one_of = ["DE", "FR"]
points = 15

[[rule]]
field = "industry"
equals = "software"
points = 20
"""

RECENCY = """\
[[rule]]
field = "last_visit"
days_since_at_least = 0
points = 100
half_life = 30
"""

PROJECT = """\
[project]
name = "benchmark"

[record]
id = "id"

[models.active]
fit = "1"
recency = "1"
propensity = "1"
booster = "1"
forest = "1"
best = "1"

[[model]]
name = "fit"
version = "1"
path = "fit.toml"

[[model]]
name = "recency"
version = "1"
path = "recency.toml"

[[model]]
name = "propensity"
version = "1"
path = "propensity.skops"
scale = 100

[[model]]
name = "booster"
version = "1"
path = "booster.txt"
scale = 100

[[model]]
name = "forest"
version = "1"
path = "forest.onnx"
scale = 100
fields = {{ {fields} }}

[[summary]]
name = "best"
version = "1"
rule = "best"
models = ["fit", "recency", "propensity", "booster", "forest"]
range = [0, 100]
convert = {{ fit = {{ from = [0, 90], to = [0, 100] }} }}
"""


def leads(rows: int, seed: int = 7) -> pl.DataFrame:
    """Draw leads."""
    draw = random.Random(seed)
    return pl.DataFrame(
        {
            "id": [f"{number:09d}" for number in range(rows)],
            "email": [f"lead{number}@example.com" for number in range(rows)],
            "employees": np.array(draw.choices(range(10_000), k=rows), dtype=np.float64),
            "revenue": [draw.random() * 1e6 for _ in range(rows)],
            "opens": [float(draw.randrange(50)) for _ in range(rows)],
            "visits": [float(draw.randrange(200)) for _ in range(rows)],
            "days": [float(draw.randrange(400)) for _ in range(rows)],
            "country": draw.choices(["DE", "FR", "US", "GB", "IN"], k=rows),
            "industry": draw.choices(["software", "retail", "health"], k=rows),
            "last_visit": [TODAY - timedelta(days=draw.randrange(200)) for _ in range(rows)],
        }
    )


def write_leads(path: Path, rows: int) -> None:
    """Write leads in chunks, so that making many needs little memory."""
    frames = [leads(min(CHUNK, rows - start), seed=start) for start in range(0, rows, CHUNK)]
    whole = pl.concat(frames).with_columns(id=pl.format("{}", pl.int_range(pl.len())).str.zfill(9))
    whole.write_parquet(path, row_group_size=CHUNK)


def fit(folder: Path) -> None:
    """Fit the models and write them, with the project that names them."""
    import lightgbm
    import skops.io
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    sample = leads(20_000, seed=1)
    draw = np.random.default_rng(3)
    odds = (
        sample["opens"].to_numpy() / 20
        + (sample["industry"] == "software").to_numpy()
        - sample["days"].to_numpy() / 200
    )
    won = (draw.random(sample.height) < 1 / (1 + np.exp(-odds))).astype(int)
    table = sample.select(*NUMBERS, *WORDS).to_pandas()
    matrix = sample.select(NUMBERS).to_numpy()
    folder.mkdir(parents=True, exist_ok=True)
    steps = ColumnTransformer(
        [("numbers", StandardScaler(), list(NUMBERS)), ("words", OneHotEncoder(handle_unknown="ignore"), list(WORDS))]
    )
    pipeline = Pipeline([("prepare", steps), ("fit", LogisticRegression(max_iter=500))]).fit(table, won)
    skops.io.dump(pipeline, folder / "propensity.skops")
    (folder / "propensity.pickle").write_bytes(pickle.dumps(pipeline))
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1, "seed": 1},
        lightgbm.Dataset(matrix, won, feature_name=list(NUMBERS)),
        num_boost_round=TREES,
    )
    booster.save_model(folder / "booster.txt")
    forest = RandomForestClassifier(FOREST, max_depth=8, random_state=1).fit(matrix, won)
    exported: Any = to_onnx(
        forest, initial_types=[("leads", FloatTensorType([None, len(NUMBERS)]))], options={"zipmap": False}
    )
    (folder / "forest.onnx").write_bytes(exported.SerializeToString())
    (folder / "forest.pickle").write_bytes(pickle.dumps(forest))
    (folder / "fit.toml").write_text(POINTS)
    (folder / "recency.toml").write_text(RECENCY)
    fields = ", ".join(f'{name} = "float"' for name in NUMBERS)
    (folder / "mlsm.toml").write_text(PROJECT.format(fields=fields))
