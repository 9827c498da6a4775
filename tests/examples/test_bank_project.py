"""What the example project makes of the bank's clients is what the committed facts state."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlsm._batch import Batch
from mlsm.project import load_project
from mlsm.readers import open_reader
from mlsm.service import Job, run

FOLDER = Path(__file__).parents[2] / "examples" / "bank-marketing"
TOLERANCE = 1e-8  # the facts are rounded to nine places


@pytest.fixture(scope="module")
def facts() -> Any:
    """Load the script that computes the facts, as a module."""
    spec = importlib.util.spec_from_file_location("bank_facts_of_project", FOLDER / "facts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def stated() -> Any:
    """Read the committed facts."""
    return json.loads((FOLDER / "facts.json").read_text())


@pytest.fixture(scope="module")
def path(facts: Any) -> Path:
    """Find the clients' file, or skip: it is not part of the repository."""
    found: Path | None = facts.find(None)
    if found is None:
        pytest.skip("bank-full.csv.gz is not here; name its folder with MLSM_DATA")
    return found


@pytest.fixture(scope="module")
def results(path: Path) -> pl.DataFrame:
    """Score all clients straight from the file, as `mlsm score … --id-row` does."""
    project = load_project(FOLDER, {})
    batches: list[Batch] = []
    job = Job(
        catalog=project.catalog,
        inputs=(open_reader(str(path), dialect=project.dialect),),
        id_column=project.id_column,
        as_of=datetime(2010, 11, 30, tzinfo=UTC),
        reading=project.reading,
        min_records=project.min_records,
        part_rows=project.part_rows,
    )
    run(job, on_batch=batches.append)
    frame = pl.concat([batch.long() for batch in batches])
    return frame.with_columns(key=pl.concat_str("model", "version", separator="@"))


@pytest.mark.parametrize(("column", "fact"), [("outcome", "outcomes"), ("label", "labels")])
def test_counts_are_those_stated(results: pl.DataFrame, stated: Any, column: str, fact: str) -> None:
    """Outcomes and labels of each model version occur as often as stated."""
    counted = results.drop_nulls(column).group_by("key", column).len()
    actual: dict[str, dict[str, int]] = {key: {} for key in stated[fact]}
    for key, value, count in counted.iter_rows():
        actual[key][value] = count
    assert stated[fact] == actual


def test_means_are_those_stated(results: pl.DataFrame, stated: Any) -> None:
    """The mean score of each model version is the one stated."""
    actual = dict(results.group_by("key").agg(pl.col("score").mean()).iter_rows())
    assert stated["mean"] == pytest.approx(actual, abs=TOLERANCE)


def test_chosen_clients_have_the_results_stated(results: pl.DataFrame, stated: Any) -> None:
    """The clients of chosen rows have the outcomes, scores and labels stated."""
    ids = pl.Series([f"bank-full:{row}" for row in stated["chosen"]])
    actual: dict[str, dict[str, Any]] = {row: {} for row in stated["chosen"]}
    chosen = results.filter(pl.col("record_id").is_in(ids.implode()))
    for record_id, key, *told in chosen.select("record_id", "key", "outcome", "score", "label").iter_rows():
        actual[record_id.partition(":")[2]][key] = dict(zip(("outcome", "score", "label"), told, strict=True))
    for row, expected in stated["chosen"].items():
        for key, answer in expected.items():
            assert answer == pytest.approx(actual[row][key], abs=TOLERANCE), (row, key)


def test_summary_ranks_the_clients_as_well_as_stated(
    results: pl.DataFrame, stated: Any, facts: Any, path: Path
) -> None:
    """The best ten clients, and the area under the ROC curve against `y`, are those stated."""
    best = results.filter(pl.col("model") == "best").with_columns(pl.col("score").round(facts.DECIMALS))
    top = best.sort("score", descending=True, maintain_order=True).get_column("record_id").head(10).to_list()
    with gzip.open(path, "rt", encoding="ascii", newline="") as lines:
        yes = [row["y"] == "yes" for row in csv.DictReader(lines, delimiter=";")]
    assert [f"bank-full:{row}" for row in stated["top"]] == top
    assert stated["auc"]["best@1.0"] == pytest.approx(
        facts.area(best.get_column("score").to_list(), yes), abs=TOLERANCE
    )


def test_what_is_known_only_after_the_call_is_no_field() -> None:
    """No model reads `duration`, nor `y` that is to be foretold."""
    fields = {field.column for model in load_project(FOLDER, {}).catalog.values() for field in model.inputs}
    assert set() == fields & {"duration", "y"}
