"""What stands in for a failed score is never shown as if it were one."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

MODEL = """\
from mlsm import model


@model(version="1", status="active")
def fit(employees: int):
    score = 100 / employees
    return {"score": score, "label": "A" if score > 4 else "B"}


@model(version="1", status="active")
def other(employees: int):
    return 1.0
"""
MANIFEST = """\
[project]
name = "acme"
[record]
id = "id"
[failing.models]
fit = {on_failure = "last_good", max_failed = 0.9}
"""


@pytest.fixture
def two_nights(cli_in: type[Any], tmp_path: Path) -> Any:
    """Make a project that was scored twice; the second night one lead failed, and one that was never good."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / f"stand_ins_{tmp_path.name}.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "mlsm.toml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "one.csv").write_text("id,employees\n1,10\n2,20\n", encoding="utf-8")
    (tmp_path / "two.csv").write_text("id,employees\n1,50\n2,0\n3,0\n", encoding="utf-8")
    cli = cli_in(tmp_path)
    cli("score", "one.csv", "--as-of", "2026-11-23")
    done = cli("score", "two.csv", "--as-of", "2026-11-24")
    assert 0 == done.returncode, done.stderr
    return cli


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_an_export_marks_what_stands_in(two_nights: Any) -> None:
    """The score of the first night is there, with its kind and its date; nobody else's has any."""
    done = two_nights("export", "-", "--models", "fit")
    assert [("1", "2.0", "", ""), ("2", "5.0", "last_good", "2026-11-23T00:00:00Z")] == [
        (row["record_id"], row["score"], row["substitute"], row["stale_since"]) for row in rows(done.stdout)
    ]
    assert "1 score stands in for a failed one" in done.stderr
    assert "1 score left out as unusable: 1 error" in done.stderr


def test_an_export_by_label_has_what_stands_in(two_nights: Any) -> None:
    """The label of what stands in counts as the lead's label."""
    done = two_nights("export", "-", "--label", "A")
    assert [("2", "A", "last_good")] == [
        (row["record_id"], row["label"], row["substitute"]) for row in rows(done.stdout)
    ]


def test_a_wide_export_has_a_column_for_it(two_nights: Any) -> None:
    """Models for which nothing stands in have no such column."""
    found = rows(two_nights("export", "-", "--wide").stdout)
    assert ["record_id", "fit", "fit.label", "fit.substitute", "other", "other.label"] == list(found[0])
    assert {"1": "", "2": "last_good", "3": ""} == {row["record_id"]: row["fit.substitute"] for row in found}


def test_without_a_store_nothing_stands_in_and_that_is_said(two_nights: Any) -> None:
    """Last good scores are in the store; a run that keeps nothing has none."""
    done = two_nights("score", "two.csv", "--no-store", "--out", "out.ndjson")
    assert "Without a store no last good score stands in" in done.stderr
    lines = (two_nights.folder / "out.ndjson").read_text(encoding="utf-8").splitlines()
    assert {None} == {json.loads(line)["substitute"] for line in lines}
