"""The document in which XGBoost keeps a model: read for what it tells, and looked over for damage."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import msgspec

from mlsm.runtimes._margins import Link
from mlsm.runtimes._matrix import Feature
from mlsm.runtimes._xgboost_ubj import read_ubj

__all__ = ["BoosterDocument", "Tree", "read_document"]

_LEAF: Final = -1
_NO_PARENT: Final = 2**31 - 1
"""Whence the root is led to."""
_CATEGORIES_MAX: Final = 2**24
"""Codes are float32, which hold whole numbers up to here."""
_LINKS: dict[str, Link] = {
    "binary:logistic": "logistic",
    "reg:logistic": "logistic",
    "binary:logitraw": "identity",
    "count:poisson": "exponential",
    "multi:softmax": "softmax",
    "multi:softprob": "softmax",
    "rank:map": "identity",
    "rank:ndcg": "identity",
    "rank:pairwise": "identity",
    "reg:absoluteerror": "identity",
    "reg:gamma": "exponential",
    "reg:linear": "identity",
    "reg:pseudohubererror": "identity",
    "reg:quantileerror": "identity",
    "reg:squarederror": "identity",
    "reg:squaredlogerror": "identity",
    "reg:tweedie": "exponential",
    "survival:cox": "exponential",
}


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """One tree, a list a property, an item a node; node 0 is the root.

    Args:
        left_children: the node to go to from each, -1 from a leaf.
        right_children: likewise.
        split_indices: the feature that each asks for.
        split_conditions: what it is compared with; of a leaf, its value.
        default_left: where a missing value goes.
        parents: the node that leads to each.
        base_weights, loss_changes, sum_hessian: not needed here, but read by XGBoost.
        split_type: what each asks for, 0 for a number and 1 for categories.
        categories_nodes: the nodes that ask for categories.
        categories_segments: where the categories of each of those begin.
        categories_sizes: how many they are.
        categories: those that go right.
    """

    left_children: list[int]
    right_children: list[int]
    split_indices: list[int]
    split_conditions: list[float]
    default_left: list[int | bool]
    parents: list[int]
    base_weights: list[float]
    loss_changes: list[float]
    sum_hessian: list[float]
    split_type: list[int] = []
    categories_nodes: list[int] = []
    categories_segments: list[int] = []
    categories_sizes: list[int] = []
    categories: list[int] = []

    def is_leaf(self, node: int) -> bool:
        """Tell whether a node asks for nothing."""
        return self.left_children[node] == _LEAF

    def sets(self) -> dict[int, frozenset[int]]:
        """Give the categories that go right, for each node that asks for categories."""
        segments = zip(self.categories_nodes, self.categories_segments, self.categories_sizes, strict=True)
        return {node: frozenset(self.categories[start : start + size]) for node, start, size in segments}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoosterDocument:
    """What a model of XGBoost says.

    Args:
        features: what it reads; named by their number where it does not name them.
        named: whether it names them.
        objective: what it was fitted for.
        link: of that objective.
        margins: how many it adds up for a row.
        booster: `gbtree`, `dart` or `gblinear`.
        vectors: whether a leaf holds several numbers.
        rounds: how many rounds are used, None for all.
        stopped: the round after which it stopped early, None where it did not.
        wrapped: whether XGBoost's classes in the style of scikit-learn saved it.
        trees: its trees in order, and the margin that each adds to; None where it has none, or
            they are weighted, or answer with several numbers.
        base: what each sum starts from, on the scale of predictions.
    """

    features: tuple[Feature, ...]
    named: bool
    objective: str
    link: Link
    margins: int
    booster: str
    vectors: bool
    rounds: int | None
    stopped: int | None
    wrapped: bool
    trees: tuple[tuple[int, Tree], ...] | None
    base: tuple[float, ...]


def read_document(raw: bytes) -> BoosterDocument:
    """Read a model as XGBoost saves it, in JSON or UBJ.

    Raises:
        ValueError: it is not whole.
        KeyError: likewise.
        TypeError: likewise.
    """
    # XGBoost, too, tells the two by the second character.
    learner = (json.loads(raw) if raw[1:2].isspace() or raw[1:2] in (b'"', b"}") else read_ubj(raw))["learner"]
    told, attributes = learner["learner_model_param"], learner.get("attributes", {})
    objective, booster = learner["objective"]["name"], learner["gradient_booster"]
    count, classes, targets = int(told["num_feature"]), int(told["num_class"]), int(told.get("num_target", "1"))
    model = booster.get("gbtree", booster).get("model", {})  # dart keeps its trees in a gbtree of its own
    features = _features(learner, model.get("cats", {}), count)
    base = [float(one) for one in told["base_score"].strip("[]").split(",")]
    margins = max(classes, targets, 1)
    if len(base) not in (1, margins):
        raise ValueError(f"it adds up {margins} numbers from {len(base)} beginnings")
    widths = {_width(tree) for tree in model.get("trees", ())} - {1}
    if widths - {margins}:
        raise ValueError(f"its leaves hold {max(widths)} numbers, where {margins} are added up")
    wrapped = "scikit_learn" in attributes
    stopped = int(attributes["best_iteration"]) if "best_iteration" in attributes else None
    rounds = stopped + 1 if wrapped and stopped is not None else None
    plain = booster["name"] in ("gbtree", "dart") and not widths
    trees = _trees(model, count, margins, rounds) if plain else None  # looked over, weighted ones too
    return BoosterDocument(
        features=features,
        named=bool(learner.get("feature_names")),
        objective=objective,
        link=_LINKS.get(objective, "other"),
        margins=margins,
        booster=booster["name"],
        vectors=bool(widths),
        rounds=rounds,
        stopped=stopped,
        wrapped=wrapped,
        trees=trees if booster["name"] == "gbtree" else None,
        base=tuple(base),
    )


def _features(learner: Mapping[str, Any], categories: Mapping[str, Any], count: int) -> tuple[Feature, ...]:
    names = learner.get("feature_names") or [f"f{number}" for number in range(count)]
    types = learner.get("feature_types") or ["float"] * count
    known = [_values(one) for one in categories.get("enc") or [{}] * count]
    if len(categories.get("sorted_idx", ())) != sum(map(len, known)):
        raise ValueError("the values of its categories are not as many as it says")
    if not len(names) == len(types) == len(known) == count:
        raise ValueError("its features and what it says of them differ in number")
    kinds = {"c": "category", "i": "flag"}
    return tuple(
        Feature(name=name, kind=kinds.get(one, "number"), values=values)  # type: ignore[arg-type]  # its literals
        for name, one, values in zip(names, types, known, strict=True)
    )


def _values(encoded: Mapping[str, Any]) -> tuple[Any, ...]:
    """Read the categories of a feature: text as bytes and where each begins, or numbers."""
    values, offsets = encoded.get("values", []), encoded.get("offsets")
    if offsets is None:
        return tuple(values)
    held = bytes(value & 0xFF for value in values)
    return tuple(held[start:end].decode() for start, end in pairwise(offsets))


def _trees(
    model: Mapping[str, Any], features: int, margins: int, rounds: int | None
) -> tuple[tuple[int, Tree], ...] | None:
    trees, owners = msgspec.convert(model["trees"], list[Tree]), msgspec.convert(model["tree_info"], list[int])
    if not len(trees) == len(owners) == int(model["gbtree_model_param"]["num_trees"]):
        raise ValueError(f"it promises {model['gbtree_model_param']['num_trees']} trees and holds {len(trees)}")
    if not all(0 <= owner < margins for owner in owners):
        raise ValueError("a tree adds to a number that is not there")
    for number, (tree, told) in enumerate(zip(trees, model["trees"], strict=True)):
        _check(tree, number, features, int(told["tree_param"]["num_nodes"]))
    ends = model.get("iteration_indptr")
    if ends is not None and (ends[0] != 0 or ends[-1] != len(trees) or ends != sorted(ends)):
        raise ValueError("its rounds do not add up to its trees")
    if rounds is not None:
        if ends is None:
            return None
        if not 0 < rounds < len(ends):
            raise ValueError(f"it stopped after {rounds} rounds and holds {len(ends) - 1}")
        trees = trees[: ends[rounds]]
    return tuple(zip(owners, trees, strict=False))


def _width(tree: Mapping[str, Any]) -> int:
    return int(tree.get("tree_param", {}).get("size_leaf_vector", "1"))


def _check(tree: Tree, number: int, features: int, size: int) -> None:
    """Walk a tree from its root and see that every node leads somewhere; pruned ones are not reached."""
    lists = (
        *(tree.left_children, tree.right_children, tree.split_indices, tree.split_conditions, tree.default_left),
        *(tree.parents, tree.base_weights, tree.loss_changes, tree.sum_hessian, tree.split_type or tree.parents),
    )
    segments = (tree.categories_nodes, tree.categories_segments, tree.categories_sizes)
    if not size or any(len(one) != size for one in lists) or len({len(one) for one in segments}) != 1:
        raise ValueError(f"tree {number} is not whole")
    _check_categories(tree, number)
    if not all(0 <= parent < size or parent == _NO_PARENT for parent in tree.parents):
        raise ValueError(f"a node of tree {number} is led to from where none is")
    waiting = [(0, _NO_PARENT)]
    while waiting:
        node, parent = waiting.pop()
        if not 0 <= node < size or tree.parents[node] != parent:
            raise ValueError(f"a node of tree {number} leads to {node}, where none is")
        if not tree.is_leaf(node):
            if tree.left_children[node] == tree.right_children[node]:
                raise ValueError(f"node {node} of tree {number} leads to one node twice")
            waiting += ((tree.left_children[node], node), (tree.right_children[node], node))
            if not 0 <= tree.split_indices[node] < features:
                raise ValueError(f"node {node} of tree {number} asks for a feature that is not there")
        elif not math.isfinite(tree.split_conditions[node]):
            raise ValueError(f"leaf {node} of tree {number} has no value")


def _check_categories(tree: Tree, number: int) -> None:
    """See that the nodes that ask for categories find them."""
    for node, start, count in zip(tree.categories_nodes, tree.categories_segments, tree.categories_sizes, strict=True):
        if not 0 <= node < len(tree.parents) or start < 0 or count < 0 or start + count > len(tree.categories):
            raise ValueError(f"the categories of tree {number} are not as many as it says")
    if not all(0 <= category < _CATEGORIES_MAX for category in tree.categories):
        raise ValueError(f"tree {number} asks for a category that cannot be")
    if {node for node, kind in enumerate(tree.split_type) if kind} != set(tree.categories_nodes):
        raise ValueError(f"tree {number} differs with itself on which nodes ask for categories")
