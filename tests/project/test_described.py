"""Models told of by the process that imports their code: they answer here as they do there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import mlsm
from mlsm._model import Abroad, Isolation
from mlsm.contracts import Isolated
from mlsm.errors import ProjectError
from mlsm.project.described import described
from mlsm.project.repository import load_repository
from mlsm.service import check, prepared

CODE = """\
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

import polars as pl

import mlsm


@dataclass(frozen=True)
class Firm:
    name: str
    employees: int = 3


LIMITS = [1, 2]


@mlsm.model(version="1", range=(0, 1e9), when=lambda kind: kind != "none")
def one(
    kind: Literal["some", "none"],
    firm: Firm,
    since: date = date(2020, 1, 2),
    share: Annotated[float, mlsm.Meta(ge=0, le=1)] = 0.5,
    limits: list[int] = LIMITS,
):
    assert type(firm) is Firm
    return firm.employees * share + since.year + len(limits)


@mlsm.model(version="1", batch=True, fields={"share": float}, when=lambda share: share < 0.9)
def many(leads: pl.DataFrame):
    return leads["share"] * 2


@mlsm.model(version="1")
def clock(share: float, as_of):
    return as_of.year * share


@mlsm.summary_model(version="1", models={"a": "one@1", "b": "many@1"}, require=["a"])
def both(a, b):
    return a.score + (b.score or 0.0)
"""
RECORDS = [
    {"id": "1", "kind": "some", "firm": {"name": "a", "employees": 8}, "share": 0.25, "limits": [1, 2, 3]},
    {"id": "2", "kind": "none", "firm": {"name": "b"}, "share": 0.95},
    {"id": "3", "kind": "some", "firm": {"name": "c"}, "since": "2021-03-04", "share": 0.75},
    {"id": "4", "kind": "some", "firm": {}, "share": 7},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a repository of models of many forms."""
    made = tmp_path / "repository"
    (made / "models").mkdir(parents=True)
    (made / "mlsm.toml").write_text('[project]\nname = "many"\n')
    (made / "models" / "of_many_forms.py").write_text(CODE)
    return made


@pytest.fixture
def told(folder: Path, tmp_path: Path) -> Iterator[mlsm.Catalog]:
    """Give the models as another process tells of them."""
    here = Isolation(rung="process", group="many")
    models = described(folder, called="many", isolation=here, home=tmp_path / "home")
    catalog = mlsm.Catalog(model.with_isolation(here) for model in models)
    yield catalog
    for step in prepared(catalog).steps:
        if isinstance(step.predictor, Isolated):
            step.predictor.end()


def told_of(results: Any) -> list[Any]:
    return [(r.record_id, r.key, r.outcome, r.score, r.label, r.output) for r in results]


def test_a_described_model_is_the_one_that_its_code_declares(told: mlsm.Catalog, folder: Path) -> None:
    """Name, fields, bounds, upstreams and digest are the same, and no module of it is imported."""
    assert "of_many_forms" not in sys.modules
    assert all(isinstance(model.fcn, Abroad) for model in told.values())
    loaded = mlsm.Catalog(load_repository(folder, "many"))
    for key, model in loaded.items():
        assert told[key].digest == model.digest
        assert [str(field.kind) for field in told[key].inputs] == [str(field.kind) for field in model.inputs]
        assert [field.null_policy for field in told[key].inputs][:1] == [f.null_policy for f in model.inputs][:1]
        assert (told[key].range, told[key].labels, told[key].source) == (model.range, model.labels, model.source)
    assert date(2020, 1, 2) == told["one@1"].inputs["since"].default


def test_a_described_model_answers_as_inline(told: mlsm.Catalog, folder: Path) -> None:
    """Conditions, classes of its own, the clock, frames and summaries: all as where the code is imported."""
    loaded = mlsm.Catalog(load_repository(folder, "many"))
    as_of = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    inline = told_of(mlsm.score(loaded, RECORDS, id="id", as_of=as_of))
    assert inline == told_of(mlsm.score(told, RECORDS, id="id", as_of=as_of))
    single = [result for record in RECORDS for result in mlsm.score_one(told, record, id="id", as_of=as_of)]
    assert inline == told_of(single)


def test_what_cannot_be_loaded_is_told_by_the_process(folder: Path, tmp_path: Path) -> None:
    """An exit at import, and a file with a mistake, are mistakes of the repository."""
    isolation, file = Isolation(rung="process"), folder / "models" / "of_many_forms.py"
    for code, message in (("import os\nos._exit(3)\n", "exit code 3"), ("1 / 0\n", "has 1 mistake")):
        file.write_text(code)
        with pytest.raises(ProjectError, match=message):
            described(folder, called="many", isolation=isolation, home=tmp_path / "home")


def test_what_it_reads_undeclared_is_found_where_it_runs(folder: Path, tmp_path: Path) -> None:
    """A function of `data` is watched in its own process: the field that it does not declare is named."""
    code = "from mlsm import Model\n\ndef fcn(data, results):\n    return 1.0 if data.get('other') else 0.0\n\n"
    (folder / "models" / "of_many_forms.py").write_text(code + "old = Model('old', {'share': float}, '1', fcn)\n")
    here = Isolation(rung="process")
    (model,) = described(folder, called="many", isolation=here, home=tmp_path / "home")
    (finding,) = check([model.with_isolation(here)], golden=False)
    assert "the field 'other'" in finding.what
