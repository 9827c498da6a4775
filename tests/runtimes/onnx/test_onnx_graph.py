"""Facts about what is read of an ONNX file beside onnxruntime."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from tests.runtimes.onnx.conftest import TEXTS, Fitted, convert

from mlsm.runtimes.onnx.graph import Graph, read_graph

VOTERS = [("tree", DecisionTreeClassifier(max_depth=3)), ("line", LogisticRegression())]
CLASSIFIERS = [
    CalibratedClassifierCV(LogisticRegression()),
    GaussianNB(),
    KNeighborsClassifier(),
    SVC(),
    VotingClassifier(VOTERS, voting="soft", flatten_transform=False),
]


@pytest.mark.parametrize("names", [("cold", "warm"), (3, 5)], ids=["texts", "numbers"])
@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=lambda one: type(one).__name__)
def test_classes_are_found(estimator: ClassifierMixin, names: tuple[Any, Any], tmp_path: Path) -> None:
    """However a converter writes down a classifier, its classes are found, by the names that it was fitted with."""
    rows = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    fitted: Any = estimator
    fitted.fit(rows, np.where(rows.sum(axis=1) > 0, *names))
    path = convert(fitted, [("X", FloatTensorType([None, 3]))], tmp_path / "m.onnx", zipmap=False)
    outputs = [one.name for one in onnx.load(path).graph.output]
    assert tuple(map(str, sorted(names))) == read_graph(path.read_bytes()).classes(outputs, 2)


def test_categories_are_those_of_the_encoder(logistic: Fitted) -> None:
    """Each text's categories are scikit-learn's own, in its order."""
    graph = read_graph(logistic.path.read_bytes())
    encoder = logistic.estimator[0].named_transformers_["t"]
    expected = {name: tuple(found) for name, found in zip(TEXTS, encoder.categories_, strict=True)}
    assert expected == {name: graph.categories(name) for name in TEXTS}


def test_thresholds_are_those_of_the_trees(forest: Fitted) -> None:
    """The splits of the first tree come first."""
    tree = forest.estimator.estimators_[0].tree_
    inner = tree.feature >= 0
    expected = {(int(place), float(np.float32(at))) for place, at in zip(tree.feature, tree.threshold, strict=True)}
    found = read_graph(forest.path.read_bytes()).thresholds("X", int(inner.sum() / 2))
    assert {split for split in found if split[1]} <= expected


def test_bytes_of_any_kind_are_survived(logistic: Fitted) -> None:
    """What is no ONNX message, or is cut off, holds no operators or fewer; nothing raises."""
    data, chance = logistic.path.read_bytes(), random.Random(1)
    assert Graph() == read_graph(b"ORTM" + bytes(range(256)))
    for _ in range(500):
        spoilt = bytearray(data[: chance.randrange(len(data))])
        for _ in range(chance.randrange(4) if spoilt else 0):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        assert isinstance(read_graph(bytes(spoilt)), Graph)
