"""Points for clients of a bank: every row, by both forms, and as a plain function says."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlsm._fields import Fields
from mlsm._fields.dtypes import dtype_of
from mlsm.runtimes.scorecard.columns import explain, score_columns
from mlsm.runtimes.scorecard.function import record_function
from mlsm.runtimes.scorecard.plan import plan_of
from mlsm.runtimes.scorecard.reading import read_table

CLIENTS = """
baseline = 20
floor = 0
cap = 100

[labels]
hot = 60
warm = 30
cold = "rest"

[fields]
age = "int"
balance = "int"
previous = "int"
"""
RULES = (
    ("age", "below = 26", 10),
    ("age", "at_least = 60", 10),
    ("job", 'one_of = ["student", "retired"]', 15),
    ("education", 'equals = "tertiary"', 10),
    ("balance", "at_least = 1500", 10),
    ("balance", "below = 0", -5),
    ("housing", 'equals = "yes"', -10),
    ("loan", 'equals = "yes"', -5),
    ("poutcome", 'equals = "success"', 35),
    ("previous", "at_least = 1", 5),
)
MARKET = (
    ("emp.var.rate", "below = 0", 1.7),
    ("euribor3m", "between = [0.5, 1.5]", 0.9),
    ("nr.employed", "at_most = 5099.1", 0.3),
    ("cons.conf.idx", "above = -40", -0.7),
    ("poutcome", "matches = '^succ'", 2.1),
    ("job", 'contains = ["ADMIN", "tech"]\nignore_case = true', 0.1),
    ("pdays", "equals = 999", -0.6),
)


def _read(name: str) -> pl.DataFrame:
    beside = Path(__file__).resolve().parents[4] / "shared" / "data"
    folders = [Path(os.environ["MLSM_DATA"])] if "MLSM_DATA" in os.environ else [beside]
    found = [path for base in folders for path in (base / "bank-marketing" / name, base / name) if path.is_file()]
    if not found:
        pytest.skip(f"{name} is not here; name its folder with MLSM_DATA")
    return pl.read_csv(gzip.decompress(found[0].read_bytes()), separator=";", infer_schema_length=None)


def _table(rules: tuple[tuple[str, str, float], ...], head: str = "") -> Any:
    text = "".join(f'[[rule]]\nfield = "{field}"\n{asked}\npoints = {points}\n' for field, asked, points in rules)
    return plan_of(read_table(head + text))


def _rows(frame: pl.DataFrame, fields: Fields) -> tuple[pl.DataFrame, list[tuple[Any, ...]]]:
    cast = frame.select(pl.col(field.name).cast(dtype_of(field.kind) or pl.String) for field in fields)
    return cast, cast.rows()


def _points(
    age: int, job: str, education: str, balance: int, housing: str, loan: str, poutcome: str, previous: int
) -> int:
    total = 20 + (10 if age < 26 or age >= 60 else 0) + (15 if job in ("student", "retired") else 0)
    total += (10 if education == "tertiary" else 0) + (10 if balance >= 1500 else 0) - (5 if balance < 0 else 0)
    total -= (10 if housing == "yes" else 0) + (5 if loan == "yes" else 0)
    total += (35 if poutcome == "success" else 0) + (5 if previous >= 1 else 0)
    return max(0, min(100, total))


def test_a_table_is_what_a_function_is() -> None:
    """All 45,211 clients have the points and labels of the same rules in Python, by both forms."""
    plan, fields = _table(RULES, CLIENTS)
    frame, rows = _rows(_read("bank-full.csv.gz"), fields)
    record = record_function(plan, fields.names)
    scores = [float(_points(*row)) for row in rows]
    expected = [
        {"score": score, "label": "hot" if score >= 60 else "warm" if score >= 30 else "cold"} for score in scores
    ]
    assert 45_211 == len(rows)
    assert expected == [record(*row) for row in rows]
    assert expected == score_columns(plan, frame, None).frame.to_dicts()
    reasoned = explain(plan, frame, None)
    assert scores == (reasoned.baseline + reasoned.contributions.sum(axis=1)).tolist()


def test_names_with_dots_are_names() -> None:
    """All 41,188 rows of the other file have the same bits by both forms."""
    plan, fields = _table(MARKET, "baseline = -1.1\n")
    frame, rows = _rows(_read("bank-additional-full.csv.gz"), fields)
    record = record_function(plan, fields.names)
    assert 41_188 == len(rows)
    assert [record(*row) for row in rows] == score_columns(plan, frame, None).frame["score"].to_list()
