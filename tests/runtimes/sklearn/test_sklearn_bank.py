"""Facts about scikit-learn's models of the bank's clients: mlsm's scores are predict_proba's."""

from __future__ import annotations

import numpy as np
import polars as pl
from tests.runtimes.boosters import active, by_record, farthest, frame_of, linked, predictor_of
from tests.runtimes.sklearn.bank import numbers_of, rows_of
from tests.runtimes.sklearn.conftest import Fitted

import mlsm
from mlsm.service.preparing import prepared

TOLERANCE = 1e-9


def test_every_client_gets_the_score_of_predict_proba_together(fitted: Fitted) -> None:
    """All clients of the file in one batch."""
    records = pl.DataFrame(rows_of(fitted.clients)).with_row_index("id")
    scores = mlsm.score([active(fitted.path)], records).frame().get_column("score")
    assert len(fitted.clients) == len(scores) >= 41_188
    assert TOLERANCE > farthest(scores, fitted.expected)


def test_every_client_gets_the_score_of_predict_proba_alone(logistic: Fitted) -> None:
    """Each client of the file as a record of its own, by the tables."""
    model = active(logistic.path)
    scores = by_record(predictor_of(model), frame_of(model, rows_of(logistic.clients)))
    assert TOLERANCE > farthest(scores, logistic.expected)


def test_a_forest_scores_every_client_alone_as_together(forest: Fitted) -> None:
    """Each client of the file as a record of its own, by the trees in plain Python."""
    model = active(forest.path)
    scores = by_record(predictor_of(model), frame_of(model, rows_of(forest.clients)))
    assert TOLERANCE > farthest(scores, forest.expected)


def test_the_fast_ways_are_in_use(logistic: Fitted, forest: Fitted) -> None:
    """Coefficients are tables, trees are walked, and the service found no difference."""
    expected = [
        "It is scored by tables made of its coefficients, one record and columns alike.",
        "Its trees are walked in plain Python; columns are scored by scikit-learn.",
    ]
    steps = [prepared(mlsm.Catalog([active(one.path)])).steps[0] for one in (logistic, forest)]
    assert expected == [step.predictor.path for step in steps]


def test_fields_follow_from_the_encoders(fitted: Fitted) -> None:
    """Columns of numbers are floats, those of categories text, under their own names; all may be empty."""
    numbers = set(numbers_of(fitted.clients))
    expected = [(name, "float" if name in numbers else "str", True) for name in fitted.clients.columns]
    assert expected == [(field.name, str(field.kind), field.nullable) for field in active(fitted.path).inputs]


def test_samples_cover_categories_holes_and_means(fitted: Fitted) -> None:
    """Every field is empty once; every job occurs, and one that nobody has; ages lie about the mean."""
    model = active(fitted.path)
    samples = predictor_of(model).samples
    seen = {name: {row[place] for row in samples} for place, name in enumerate(model.inputs.names)}
    assert all(None in values for values in seen.values())
    jobs = set(fitted.clients["job"])
    assert jobs | {"(a category never seen)", None} == seen["job"]
    mean, deviation = fitted.clients["age"].mean(), fitted.clients["age"].std()
    ages = seen["age"] - {None}
    assert any(0 < age - mean < deviation for age in ages)
    assert any(0 < mean - age < deviation for age in ages)
    assert 200 >= len(samples)


def test_reasons_add_up_to_the_score_of_every_client(logistic: Fitted) -> None:
    """The logistic function of the baseline and all contributions is the score."""
    model = active(logistic.path, scale=100)
    reasons = predictor_of(model).explain(frame_of(model, rows_of(logistic.clients)), None)
    assert ("log_odds", 100.0) == (reasons.scale, reasons.factor)
    assert sorted(logistic.clients.columns) == sorted(reasons.fields)
    assert 1e-6 > farthest(linked(reasons), logistic.expected * 100)


def test_reasons_of_numbers_are_coefficient_times_distance_from_the_mean(logistic: Fitted) -> None:
    """The scaler's mean is the baseline, and its deviation undone."""
    model = active(logistic.path)
    reasons = predictor_of(model).explain(frame_of(model, rows_of(logistic.clients[:100])), None)
    before, final = logistic.estimator[0], logistic.estimator[-1]
    scaler = before.named_transformers_["numbers"][-1]
    for place, name in enumerate(numbers_of(logistic.clients)):
        distance = (logistic.clients[name][:100] - scaler.mean_[place]) / scaler.scale_[place]
        expected = final.coef_[0][place] * distance.to_numpy()
        assert 1e-12 > farthest(reasons.contributions[:, reasons.fields.index(name)], expected)
    assert reasons.texts is not None
    assert f"compared with {scaler.mean_[0]:.6g}" == reasons.texts[0]


def test_a_category_is_one_reason_of_its_field(logistic: Fitted) -> None:
    """The coefficient of the client's own job stands under `job`."""
    model = active(logistic.path)
    reasons = predictor_of(model).explain(frame_of(model, rows_of(logistic.clients[:50])), None)
    names = list(logistic.estimator[0].get_feature_names_out())
    weights = logistic.estimator[-1].coef_[0]
    expected = [weights[names.index(f"texts__job_{job}")] for job in logistic.clients["job"][:50]]
    assert np.allclose(expected, reasons.contributions[:, reasons.fields.index("job")], atol=1e-12, rtol=0)
