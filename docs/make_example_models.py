"""Fit the models that the sample project comes with, from its own sample leads.

    python docs/make_example_models.py

Writes a scikit-learn pipeline (skops) and a LightGBM booster into the templates of
`mlsm init --example`. The leads are the same each time, and so are the models.
"""
# ruff: noqa: INP001 - a script of the documentation, part of no package

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED

import lightgbm
import numpy as np
import pandas as pd
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlsm.example.leads import generate

LEADS = 20_000
MODELS = Path(__file__).parents[1] / "src" / "mlsm" / "example" / "templates" / "sample" / "models"
NUMBERS = ["page_views", "emails_opened", "form_fills", "employees", "budget"]
WORDS = ["industry", "lead_source"]


def main() -> None:
    """Fit both on the leads whose end is known."""
    leads = pd.DataFrame(generate(LEADS, broken=0)).rename(columns={"Lead Source": "lead_source"})
    known = leads[leads["converted"] != ""]
    won = (known["converted"] == "yes").to_numpy().astype(int)
    table = known[NUMBERS].apply(pd.to_numeric, errors="coerce")
    words = known[WORDS].replace("", None).astype(object)
    words = words.where(words.notna(), np.nan)
    MODELS.mkdir(parents=True, exist_ok=True)
    pipeline = make_pipeline(
        ColumnTransformer(
            [
                ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), NUMBERS),
                (
                    "words",
                    make_pipeline(
                        SimpleImputer(strategy="constant", fill_value="unknown"), OneHotEncoder(handle_unknown="ignore")
                    ),
                    WORDS,
                ),
            ]
        ),
        LogisticRegression(max_iter=1_000),
    )
    pipeline.fit(pd.concat([table, words], axis=1), won)
    skops.io.dump(pipeline, MODELS / "conversion.skops", compression=ZIP_DEFLATED, compresslevel=9)
    settings = {"objective": "binary", "num_leaves": 8, "verbose": -1, "seed": 1, "deterministic": True}
    booster = lightgbm.train(settings, lightgbm.Dataset(table.to_numpy(), won, feature_name=NUMBERS), 40)
    (MODELS / "boosted.txt").write_text(booster.model_to_string(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
