"""Trees, forests and boosted trees, walked in plain Python: one record in microseconds."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from mlsm._guard import Raised, attempt
from mlsm.runtimes.sklearn.answers import Answer
from mlsm.runtimes.sklearn.columns import OpaqueError
from mlsm.runtimes.sklearn.links import Link, links_of
from mlsm.runtimes.sklearn.rows import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Trees", "trees_of"]

_LISTS_MAX = 400_000
"""Nodes up to which lists are used: quicker than arrays, at five times their memory."""
_NODES_MAX = 20_000_000

Nodes: TypeAlias = "tuple[Sequence[int], Sequence[float], Sequence[int], Sequence[int], Sequence[float], Sequence[int]]"
"""Of each node: its feature (-1 for a leaf), threshold, children, value, and whether NaN goes left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A tree's nodes, as arrays."""

    feature: NDArray[Any]
    threshold: NDArray[Any]
    left: NDArray[Any]
    right: NDArray[Any]
    value: NDArray[Any]
    astray: NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """Sums of trees, one a margin, and the link to the score.

    Args:
        groups: the trees of each margin.
        starts: what each sum starts from.
        divisor: what the sums are divided by.
        link: from margins to the score.
        single: whether numbers are rounded to float32 first, as the library does.
    """

    groups: tuple[tuple[Tree, ...], ...]
    starts: tuple[float, ...]
    divisor: float
    link: Link
    single: bool

    def thresholds(self, column: int) -> list[float]:
        """Give the thresholds of the splits on one column, in order."""
        found = [tree.threshold[tree.feature == column] for group in self.groups for tree in group if len(tree.feature)]
        listed: list[float] = np.unique(np.concatenate(found)).tolist() if found else []
        return listed

    def record(
        self, row: Callable[..., list[float]], refused: Callable[..., float], *, missing: bool
    ) -> Callable[..., float]:
        """Make the function of one record.

        Args:
            row: turns its values into the numbers that the trees see.
            refused: what to call for a value that the library refuses.
            missing: whether NaN may be among those numbers.
        """
        groups = self._packed()
        walk = _walk_missing if missing else _walk
        starts, divisor, single = self.starts, self.divisor, self.single
        body = self.link.source([f"m{number}" for number in range(len(groups))])
        link = compiled(", ".join(f"m{number}" for number in range(len(groups))), body, {"exp": math.exp})

        def record(*values: Any) -> float:
            try:
                numbers = row(*values)
            except (KeyError, TypeError):
                return refused(*values)
            if single:
                numbers = array("f", numbers).tolist()
                if math.inf in numbers or -math.inf in numbers:
                    return refused(*values)
            sums = [(start + walk(group, numbers)) / divisor for start, group in zip(starts, groups, strict=True)]
            score: float = link(*sums)
            return score

        return record

    def _packed(self) -> list[list[Nodes]]:
        count = sum(len(tree.feature) for group in self.groups for tree in group)
        if count > _NODES_MAX:
            raise OpaqueError(f"its {count} nodes are too many to hold twice")
        return [[_packed(tree, lists=count <= _LISTS_MAX) for tree in group] for group in self.groups]


def _packed(tree: Tree, *, lists: bool) -> Nodes:
    def pack(code: str, numbers: NDArray[Any]) -> Any:
        typed = numbers.astype(code)
        return typed.tolist() if lists else array(code, typed.tobytes())

    return (
        pack("i", tree.feature),
        pack("d", tree.threshold),
        pack("i", tree.left),
        pack("i", tree.right),
        pack("d", tree.value),
        pack("b", tree.astray),
    )


def _walk(trees: list[Nodes], numbers: list[float]) -> float:
    """Add up the leaves that a row falls into."""
    total = 0.0
    for feature, threshold, left, right, value, _ in trees:
        node = 0
        column = feature[0]
        while column >= 0:
            node = left[node] if numbers[column] <= threshold[node] else right[node]
            column = feature[node]
        total += value[node]
    return total


def _walk_missing(trees: list[Nodes], numbers: list[float]) -> float:
    """Do the same where some splits send NaN to the left."""
    total = 0.0
    for feature, threshold, left, right, value, astray in trees:
        node = 0
        column = feature[0]
        while column >= 0:
            number = numbers[column]
            goes_left = number <= threshold[node] or (number != number and astray[node])  # noqa: PLR0124 - NaN
            node = left[node] if goes_left else right[node]
            column = feature[node]
        total += value[node]
    return total


def trees_of(estimator: Any, answer: Answer) -> Trees:
    """Read the trees of a fitted estimator.

    Raises:
        OpaqueError: it is none of those known here, or something of it is not.
    """
    kind = type(estimator)
    if kind in _SINGLE or kind in _FORESTS:
        members = [estimator] if kind in _SINGLE else list(estimator.estimators_)
        if answer.method not in ("predict_proba", "predict") or answer.labelled:
            raise OpaqueError("its answer is no mean of leaves")
        group = tuple(_tree(member.tree_, answer.index) for member in members)
        link = Link(kind="identity", scale=answer.scale)
        return Trees(groups=(group,), starts=(0.0,), divisor=float(len(members)), link=link, single=True)
    if kind in (GradientBoostingClassifier, GradientBoostingRegressor):
        return _boosted(estimator, answer)
    if kind in (HistGradientBoostingClassifier, HistGradientBoostingRegressor):
        found = attempt(_hist_boosted, estimator, answer)
        if isinstance(found, Raised):  # it keeps its trees to itself: another release may keep them otherwise
            raise OpaqueError(f"its trees cannot be read ({found.failure.message})")
        made: Trees = found
        return made
    raise OpaqueError(f"{kind.__name__} is neither linear nor made of trees that can be read")


def _tree(tree: Any, index: int | None, factor: float = 1.0) -> Tree:
    """Read one tree; of a classifier's leaves the share of one class."""
    values = tree.value
    if values.shape[1] != 1:
        raise OpaqueError("it gives several outputs")
    leaves = values[:, 0, :]
    if index is not None:
        totals = leaves.sum(axis=1)
        leaves = leaves[:, index] / np.where(totals == 0.0, 1.0, totals)
    astray = getattr(tree, "missing_go_to_left", None)
    return Tree(
        feature=np.where(tree.children_left < 0, -1, tree.feature),
        threshold=tree.threshold,
        left=tree.children_left,
        right=tree.children_right,
        value=(leaves if index is not None else leaves[:, 0]) * factor,
        astray=np.zeros(tree.node_count, dtype=np.int8) if astray is None else np.asarray(astray),
    )


def _link(estimator: Any, answer: Answer, margins: int, loss: str) -> Link:
    """Give the link of boosted trees, which follows from their loss."""
    if answer.labelled:
        raise OpaqueError("its answer is a label")
    steep = 2 if loss == "exponential" and answer.method == "predict_proba" else 1
    wanted = "exp" if loss in ("gamma", "poisson") else None
    for link in links_of(answer, margins):
        if link.kind != "shares" and abs(link.steepness) == steep and (wanted is None or link.kind == wanted):
            return link
    raise OpaqueError(f"the link of {type(estimator).__name__} is not known")


def _boosted(estimator: Any, answer: Answer) -> Trees:
    if estimator.init != "zero" and not isinstance(estimator.init_, (DummyClassifier, DummyRegressor)):
        raise OpaqueError("its start is an estimator of one's own")
    stages = estimator.estimators_
    groups = tuple(
        tuple(_tree(member.tree_, None, estimator.learning_rate) for member in stages[:, number])
        for number in range(stages.shape[1])
    )
    link = _link(estimator, answer, len(groups), str(estimator.loss))
    zeros = np.zeros((1, estimator.n_features_in_))
    told = (estimator.decision_function if answer.classes else estimator.predict)(zeros)
    row = [0.0] * estimator.n_features_in_
    sums = [_walk([_packed(tree, lists=True) for tree in group], row) for group in groups]
    starts = tuple(float(whole) - part for whole, part in zip(np.ravel(told), sums, strict=True))
    return Trees(groups=groups, starts=starts, divisor=1.0, link=link, single=True)


def _hist_boosted(estimator: Any, answer: Answer) -> Trees:
    if estimator.is_categorical_ is not None:
        raise OpaqueError("it has categories of its own")
    stages = estimator._predictors  # noqa: SLF001 - it has no public name
    groups = tuple(tuple(_hist_tree(stage[number].nodes) for stage in stages) for number in range(len(stages[0])))
    link = _link(estimator, answer, len(groups), str(estimator.loss))
    starts = tuple(np.ravel(estimator._baseline_prediction).tolist())  # noqa: SLF001 - as above
    return Trees(groups=groups, starts=starts, divisor=1.0, link=link, single=False)


def _hist_tree(nodes: Any) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        feature=np.where(leaf, -1, nodes["feature_idx"].astype(np.int64)),
        threshold=nodes["num_threshold"],
        left=nodes["left"],
        right=nodes["right"],
        value=nodes["value"],
        astray=nodes["missing_go_to_left"],
    )


_SINGLE = frozenset({DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor})
_FORESTS = frozenset({ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor})
