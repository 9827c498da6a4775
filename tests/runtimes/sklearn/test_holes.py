"""Holes and strange values, through the public suite and in the words of the library."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from tests.runtimes.boosters import active, by_record, frame_of, predictor_of
from tests.runtimes.sklearn.bank import piped, saved
from tests.runtimes.sklearn.leads import NUMBERS, leads, records, won

import mlsm
from mlsm.service.preparing import prepared
from mlsm.testing import check_runtime

FEW = 3
FINALS: Mapping[str, Any] = MappingProxyType(
    {
        "tables": LogisticRegression(),
        "trees": RandomForestClassifier(3, max_depth=4),
        "compiled": KNeighborsClassifier(),
    }
)


@pytest.mark.parametrize("name", FINALS)
def test_the_runtime_keeps_its_promises(name: str, tmp_path: Path) -> None:
    """The public suite holds: holes, text for numbers, whole numbers, unseen text, batches of none and one."""
    frame = leads(120)[["employees", "title"]]
    estimator = piped(frame, FINALS[name], sparse_output=False).fit(frame, won(leads(120)))
    path = saved(estimator, tmp_path)
    check_runtime(lambda: active(path), records(frame[:FEW]))


@pytest.mark.parametrize("name", FINALS)
def test_no_rows_give_no_scores(name: str, tmp_path: Path) -> None:
    """A batch of none is scored, which scikit-learn itself refuses."""
    frame = leads()
    model = active(saved(piped(frame, FINALS[name]).fit(frame, won(frame)), tmp_path))
    assert 0 == len(np.asarray(predictor_of(model).columns(frame_of(model, []), None)))


@pytest.mark.parametrize("name", FINALS)
def test_what_an_encoder_refuses_is_an_error_of_its_own_record(name: str, tmp_path: Path) -> None:
    """Unknown text under handle_unknown="error": the library's own words, for that lead alone, on both paths."""
    frame = leads()
    estimator = piped(frame, FINALS[name], handle_unknown="error").fit(frame, won(frame))
    catalog = mlsm.Catalog([active(saved(estimator, tmp_path))])
    asked = [{**record, "id": str(place)} for place, record in enumerate(records(leads(4)))]
    asked[2]["country"] = "Atlantis"
    together = list(mlsm.score(catalog, asked))
    alone = [mlsm.score_one(catalog, record)[0] for record in asked]
    for found in (together, alone):
        assert ["ok", "ok", "error", "ok"] == [str(result.outcome) for result in found]
        assert found[2].error is not None
        assert "Found unknown categories ['Atlantis']" in found[2].error.message


def test_a_planted_wrong_way_is_refused(tmp_path: Path) -> None:
    """Where tables do not answer as scikit-learn does, they are not used, and the path says so."""
    frame = leads()
    estimator = piped(frame, LogisticRegression()).fit(frame, won(frame))
    estimator[-1].__class__ = Skewed
    model = active(saved(estimator, tmp_path), trust=[f"{__name__}.Skewed"])
    predictor = predictor_of(model)
    assert "its coefficients as tables answer otherwise than scikit-learn" in predictor.path
    handed = frame_of(model, records(frame))
    expected = estimator.predict_proba(frame)[:, 1]
    assert np.allclose(expected, np.asarray(predictor.columns(handed, None)), atol=1e-9, rtol=0)
    assert "refused" not in prepared(mlsm.Catalog([model])).steps[0].predictor.path


class Skewed(LogisticRegression):  # type: ignore[misc]  # it ships no types
    """Answers otherwise than its coefficients say."""

    def predict_proba(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's
        """Give the square of the probability."""
        squared = super().predict_proba(X)[:, 1] ** 2
        return np.column_stack([1 - squared, squared])


def test_many_categories_are_looked_up_in_a_moment(tmp_path: Path) -> None:
    """Thousands of postal codes: as many columns, and one table."""
    frame = leads(4_000).assign(code=[f"{place % 3_000:05}" for place in range(4_000)])[["employees", "code"]]
    estimator = piped(frame, LogisticRegression()).fit(frame, won(leads(4_000)))
    model = active(saved(estimator, tmp_path))
    predictor = predictor_of(model)
    assert predictor.path.startswith("It is scored by tables")
    handed = frame_of(model, records(frame))
    expected = estimator.predict_proba(frame)[:, 1]
    assert np.allclose(expected, np.asarray(predictor.columns(handed, None)), atol=1e-9, rtol=0)
    assert np.allclose(expected[:200], by_record(predictor, handed[:200]), atol=1e-9, rtol=0)


def test_a_batch_is_scored_alike_however_many_rows_it_has(tmp_path: Path) -> None:
    """Few rows are looked up one by one, many by polars: the same scores, holes and unseen text included."""
    frame = leads(holes=True)
    model = active(saved(piped(frame, LogisticRegression()).fit(frame, won(frame)), tmp_path))
    predictor = predictor_of(model)
    few = pl.concat([frame_of(model, records(frame[:100])), frame_of(model, list(predictor.samples))])
    many = pl.concat([few] * 5)
    expected = np.tile(np.asarray(predictor.columns(few, None)), 5)
    assert np.allclose(expected, np.asarray(predictor.columns(many, None)), atol=1e-15, rtol=0)


RECORD = """
import sys
import mlsm
from mlsm.runtimes.sklearn import load
predictors = [load(mlsm.load(path, name="fit", version="1")) for path in sys.argv[1:]]
for path in list(sys.modules):
    if path.split(".")[0] in ("polars", "pandas"):
        del sys.modules[path]
for predictor in predictors:
    predictor.record(10.0, 1.0, "DE", "CEO")
print([name for name in sys.modules if name.split(".")[0] in ("polars", "pandas")])
"""


def test_one_record_takes_no_data_frame(tmp_path: Path) -> None:
    """Neither polars nor pandas is imported for a record on a fast way."""
    frame = leads()
    paths = []
    for place, final in enumerate((LogisticRegression(), RandomForestClassifier(3))):
        (tmp_path / f"{place}").mkdir()
        paths.append(saved(piped(frame, final).fit(frame, won(frame)), tmp_path / f"{place}"))
    told = subprocess.run([sys.executable, "-c", RECORD, *paths], check=True, capture_output=True, text=True)
    assert "[]" == told.stdout.strip()


def test_numbers_beyond_single_precision_are_refused_as_by_the_library(tmp_path: Path) -> None:
    """A forest takes no number that float32 cannot hold; the tables of a regression do."""
    frame = leads()[NUMBERS]
    path = saved(RandomForestClassifier(3).fit(frame, won(leads())), tmp_path)
    predictor = predictor_of(active(path))
    with pytest.raises(ValueError, match="too large for dtype"):
        predictor.record(1e300, 1.0)
