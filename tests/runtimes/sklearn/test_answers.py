"""Which of an estimator's answers is the score: the options output, class and scale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.svm import SVC
from tests.runtimes.boosters import active, by_record, farthest, frame_of, predictor_of
from tests.runtimes.sklearn.bank import piped, saved
from tests.runtimes.sklearn.leads import NUMBERS, leads, records, won, worth

import mlsm
from mlsm.errors import DeclarationError

TOLERANCE = 1e-9


def grades(frame: Any) -> Any:
    """Give three classes."""
    return np.select([worth(frame) > 3, worth(frame) > 1.5], ["A", "B"], "C")


def both(estimator: Any, folder: Path, **options: Any) -> tuple[Any, Any]:
    """Give the scores of some leads together and alone."""
    model = active(saved(estimator, folder), **options)
    predictor = predictor_of(model)
    frame = frame_of(model, records(leads(60)))
    return np.asarray(predictor.columns(frame, None)), by_record(predictor, frame)


@pytest.mark.parametrize(
    "final", [LogisticRegression(), RandomForestClassifier(9), GradientBoostingClassifier()], ids=repr
)
@pytest.mark.parametrize("target", ["won", "lost"])
def test_a_class_of_two_is_named(final: Any, target: str, tmp_path: Path) -> None:
    """`class` names whose probability it is."""
    frame = leads()
    estimator = piped(frame, final).fit(frame, won(frame))
    expected = estimator.predict_proba(leads(60))[:, list(estimator.classes_).index(target)]
    for scores in both(estimator, tmp_path, **{"class": target}):
        assert TOLERANCE > farthest(scores, expected)


@pytest.mark.parametrize(
    "final",
    [LogisticRegression(), SGDClassifier(loss="log_loss"), RandomForestClassifier(9), GradientBoostingClassifier()],
    ids=repr,
)
@pytest.mark.parametrize("target", ["A", "C"])
def test_a_class_of_three_is_named(final: Any, target: str, tmp_path: Path) -> None:
    """So it is where there are more, whatever the library's way from margins to shares."""
    frame = leads()
    estimator = piped(frame, final).fit(frame, grades(frame))
    expected = estimator.predict_proba(leads(60))[:, list(estimator.classes_).index(target)]
    for scores in both(estimator, tmp_path, **{"class": target}):
        assert TOLERANCE > farthest(scores, expected)


def test_the_value_of_a_classifier_is_its_margin(tmp_path: Path) -> None:
    """decision_function, of the class that is named, without any range."""
    frame = leads()
    two = piped(frame, LogisticRegression()).fit(frame, won(frame))
    expected = two.decision_function(leads(60))
    for scores in both(two, tmp_path, output="value"):
        assert TOLERANCE > farthest(scores, expected)
    for scores in both(two, tmp_path, output="value", **{"class": "lost"}):
        assert TOLERANCE > farthest(scores, -expected)
    three = piped(frame, RidgeClassifier()).fit(frame, grades(frame))
    for scores in both(three, tmp_path, **{"class": "B"}):
        assert TOLERANCE > farthest(scores, three.decision_function(leads(60))[:, 1])


def test_scale_multiplies_and_sets_the_range(tmp_path: Path) -> None:
    """Probabilities times a hundred lie between 0 and 100."""
    frame = leads()
    estimator = piped(frame, LogisticRegression()).fit(frame, won(frame))
    for scores in both(estimator, tmp_path, scale=100):
        assert TOLERANCE > farthest(scores, estimator.predict_proba(leads(60))[:, 1] * 100)
    path = saved(estimator, tmp_path)
    assert (0.0, 100.0) == active(path, scale=100).range
    assert (0.0, 1.0) == active(path).range
    assert active(path, output="value").range is None


def test_classes_may_be_numbers(tmp_path: Path) -> None:
    """A class is named by its text."""
    frame = leads()
    estimator = piped(frame, LogisticRegression()).fit(frame, won(frame) == "won")
    for scores in both(estimator, tmp_path, **{"class": "False"}):
        assert TOLERANCE > farthest(scores, estimator.predict_proba(leads(60))[:, 0])


def test_a_classifier_without_numbers_gives_its_label(tmp_path: Path) -> None:
    """Where neither probabilities nor margins are to be had, the predicted class is the label."""
    frame = leads()
    estimator = VotingClassifier([("a", piped(frame, RandomForestClassifier(3)))]).fit(frame, won(frame))
    model = active(saved(estimator, tmp_path))
    expected = estimator.predict(leads(30)).tolist()
    numbered = [{**record, "id": str(place)} for place, record in enumerate(records(leads(30)))]
    assert expected == [result.label for result in mlsm.score([model], numbered)]
    catalog = mlsm.Catalog([model])
    assert expected == [mlsm.score_one(catalog, record)[0].label for record in numbered]


MISTAKES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no such class": (LogisticRegression(), {"class": "maybe"}, r"'maybe'; Pipeline has the classes \['lost', 'won'\]"),
    "no probability": (RidgeClassifier(), {"output": "probability"}, "has no predict_proba"),
    "no margin": (RandomForestClassifier(3), {"output": "value"}, "has no decision_function"),
    "no classifier": (LinearRegression(), {"output": "probability"}, "is no classifier"),
    "no class": (LinearRegression(), {"class": "won"}, "is no classifier"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_options_that_do_not_fit_are_refused(name: str, tmp_path: Path) -> None:
    """The message says what the estimator has."""
    final, options, message = MISTAKES[name]
    frame = leads()
    target = worth(frame) if isinstance(final, LinearRegression) else won(frame)
    path = saved(piped(frame, final).fit(frame, target), tmp_path)
    with pytest.raises(DeclarationError, match=message):
        active(path, **options)


def test_several_outputs_are_refused(tmp_path: Path) -> None:
    """One model gives one score."""
    frame = leads()
    targets = np.column_stack([won(frame), won(frame)])
    path = saved(MultiOutputClassifier(LogisticRegression()).fit(frame[NUMBERS], targets), tmp_path)
    with pytest.raises(DeclarationError, match="several outputs a row"):
        active(path)
    path = saved(LinearRegression().fit(frame[NUMBERS], np.column_stack([worth(frame)] * 2)), tmp_path)
    with pytest.raises(DeclarationError, match="several outputs a row"):
        active(path)


def test_pairs_of_classes_are_refused(tmp_path: Path) -> None:
    """One against one has no number for a class."""
    frame = leads()
    kinds = np.select([worth(frame) > 3, worth(frame) > 2, worth(frame) > 1.5], ["A", "B", "C"], "D")
    estimator = SVC(decision_function_shape="ovo").fit(frame[NUMBERS], kinds)
    with pytest.raises(DeclarationError, match="gives 6 numbers a row for 4 classes"):
        active(saved(estimator, tmp_path))
