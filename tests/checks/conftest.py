"""A folder of models with golden records beside them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import mlsm
from mlsm.checks import Finding
from mlsm.checks.golden_file import GoldenFile, read_golden
from mlsm.service import check
from mlsm.service.golden_writing import Written, write_golden

MODELS = """\
from datetime import date

import polars as pl

from mlsm import model, summary_model


@model(version="1.2.0", status="active", range=(0, 100))
def fit(employees: int, country: str | None = None):
    score = min(max(employees, 0) / 10, 100.0)
    return {"score": score, "label": "A" if score > 50 else "B", "size": [score, 1]}


@model(version="2.0.0", name="fit")
def fit_2(employees: int):
    return min(max(employees, 0) / 8, 100.0)


@model(version="1", status="active", range=(0, 1))
def recency(seen: date, as_of):
    return float((as_of.date() - seen).days > 30)


@summary_model(version="1", models=["fit", "recency"], require=["fit"], status="active")
def overall(fit, recency):
    size = (fit.output or {}).get("size")
    return {"score": (fit.score or 0.0) + (recency.score or 0.0), "label": recency.label, "size": size}
"""
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Sources:
    """A folder of models and their golden records."""

    folder: Path
    catalog: mlsm.Catalog

    def golden(self, name: str, *lines: dict[str, Any] | str) -> None:
        """Put golden records beside the models."""
        text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        (self.folder / name).write_text(text, encoding="utf-8")

    def check(self, *names: str) -> list[Finding]:
        """Check models and give what their golden records show."""
        return [found for found in check(self.catalog, names, folder=self.folder) if found.check == "golden"]

    def whats(self, *names: str) -> list[str]:
        """Give what was found, in words."""
        return [found.what for found in self.check(*names)]

    def write(self, *names: str, **options: Any) -> list[Written]:
        """Write golden records."""
        return list(write_golden(self.catalog, names, folder=self.folder, **options))

    def read(self, name: str) -> GoldenFile:
        """Read golden records."""
        return read_golden(self.folder / name, name)


@pytest.fixture
def make_sources(tmp_path: Path) -> Callable[[str], Sources]:
    """Load models from their code; each has a module of its own."""

    def made(code: str) -> Sources:
        folder = tmp_path / "models"
        folder.mkdir()
        (folder / f"golden_models_{next(_NUMBERS)}.py").write_text(code)
        return Sources(folder, mlsm.load(folder))

    return made


@pytest.fixture
def sources(make_sources: Callable[[str], Sources]) -> Sources:
    """Give the models of these tests."""
    return make_sources(MODELS)
