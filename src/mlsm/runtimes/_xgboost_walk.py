"""The trees of XGBoost as one Python function: nothing is prepared for one record, so that it takes microseconds.

It answers as XGBoost does, bit for bit before the link: a value is compared as the float32
that XGBoost makes of it, and leaves are added up in float32, in the order of the trees.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence

import numpy as np

from mlsm.runtimes._margins import Head
from mlsm.runtimes._matrix import Layout
from mlsm.runtimes._xgboost_document import BoosterDocument, Tree

__all__ = ["NODES_MAX", "edge_of", "walk_of", "why_not"]

NODES_MAX = 50_000
"""Compiled at some 15 µs a node; a greater booster would take seconds to load."""
_DEPTH_MAX = 60
"""Python's parser takes no more than 200 brackets within each other, and less on small stacks."""
_FLOAT32_END = 2.0**128 - 2.0**103
"""From here on a float64 becomes infinity as a float32."""


def why_not(document: BoosterDocument) -> str | None:
    """Tell why a booster cannot become a function, None where it can."""
    if document.trees is None:
        return "its booster is no plain sum of trees"
    if document.link == "other":
        return f"the objective {document.objective!r} is not known here"
    nodes = sum(len(tree.left_children) for _, tree in document.trees)
    if nodes > NODES_MAX:
        return f"its trees have {nodes} nodes, more than the {NODES_MAX} that are compiled"
    if any(_depth(tree) > _DEPTH_MAX for _, tree in document.trees):
        return f"one of its trees is deeper than {_DEPTH_MAX} splits"
    return None


def edge_of(threshold: float) -> float:
    """Give the least float64 that is not less than a float32 threshold once it is rounded to float32.

    Example:
        >>> [(value < edge_of(0.1), bool(np.float32(value) < np.float32(0.1))) for value in (0.09999999, 0.1)]
        [(True, True), (False, False)]
    """
    at = np.float32(threshold)
    if math.isinf(at):
        return _FLOAT32_END if at > 0 else -math.inf
    below = np.nextafter(at, np.float32(-np.inf))
    if math.isinf(below):
        return math.nextafter(-_FLOAT32_END, math.inf)
    middle = (float(below) + float(at)) / 2
    goes_up = not at.view(np.uint32) & 1  # a tie is rounded to the float32 whose last bit is 0
    return middle if goes_up else math.nextafter(middle, math.inf)


def walk_of(document: BoosterDocument, layout: Layout, head: Head) -> Callable[..., float]:
    """Compile a booster into a function of one record's values in the order of the fields.

    Args:
        document: the booster; `why_not` finds nothing against it.
        layout: its features among the fields.
        head: which number is the score.
    """
    trees = document.trees or ()
    wanted = range(head.margins) if head.entangled else [head.index if head.margins > 1 else 0]
    groups = [[tree for margin, tree in trees if margin == one] for one in wanted]
    length = max(len(group) for group in groups)
    leaves = [leaf for group in groups for leaf in ("0.0", *map(_written, group), *["0.0"] * (length - len(group)))]
    for number, margin in enumerate(wanted):
        leaves[number * (length + 1)] = repr(_base(document, margin))
    used = sorted({tree.split_indices[node] for _, tree in trees for node in _splits(tree)})
    lines = [
        f"def record({layout.parameters}):",
        *(f"    x{feature} = {layout.expressions[feature]}" for feature in used),
        f"    margins = sums(pack({', '.join(leaves)}))",
        f"    return {_answer(document, head)}" + (f" * {head.scale!r}" if head.scale != 1.0 else ""),
    ]
    pack = struct.Struct(f"{len(leaves)}f").pack
    namespace = layout.namespace | {"exp": math.exp, "pack": pack, "share": _share, "sums": _sums(len(groups))}
    exec("\n".join(lines), namespace)  # noqa: S102 - text of our own making: numbers and places alone
    made: Callable[..., float] = namespace["record"]
    return made


def _sums(groups: int) -> Callable[[bytes], Sequence[float]]:
    """Add up each group's float32 numbers one after the other, as XGBoost does; a plain sum would pair them."""
    single, add, read = np.dtype(np.float32), np.add.accumulate, np.frombuffer
    if groups == 1:
        return lambda packed: (add(read(packed, single)).item(-1),)
    return lambda packed: add(read(packed, single).reshape(groups, -1), 1)[:, -1].tolist()


def _share(margins: Sequence[float], index: int) -> float:
    """Give a class's part by the softmax function."""
    most = max(margins)
    return math.exp(margins[index] - most) / math.fsum(math.exp(margin - most) for margin in margins)


def _answer(document: BoosterDocument, head: Head) -> str:
    if head.entangled:
        return f"share(margins, {head.index})"
    if head.of == "probability":  # exp ends at 709
        sign = "" if head.flipped else "-"
        return f"1.0 / (1.0 + exp(min({sign}margins[0], 700.0)))"
    if document.link == "exponential":
        return "exp(margins[0])"
    return "-margins[0]" if head.flipped else "margins[0]"


def _base(document: BoosterDocument, margin: int) -> float:
    """Give what a sum starts from; the file tells it on the scale of predictions."""
    told = np.float32(document.base[margin if len(document.base) > 1 else 0])
    if document.link == "logistic":
        told = -np.log(np.float32(1) / told - np.float32(1))
    elif document.link == "exponential":
        told = np.log(told)
    return float(told)


def _splits(tree: Tree) -> list[int]:
    """List the nodes of a tree that ask for something and can be reached."""
    found, waiting = [], [0]
    while waiting:
        node = waiting.pop()
        if not tree.is_leaf(node):
            found.append(node)
            waiting += (tree.left_children[node], tree.right_children[node])
    return found


def _depth(tree: Tree) -> int:
    deepest, waiting = 0, [(0, 0)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        if not tree.is_leaf(node):
            waiting += ((tree.left_children[node], depth + 1), (tree.right_children[node], depth + 1))
    return deepest


def _written(tree: Tree) -> str:
    """Write a tree as one expression. NaN is neither less nor not less, so that it takes the last way."""
    sets = tree.sets()

    def branch(node: int) -> str:
        if tree.is_leaf(node):
            return repr(float(np.float32(tree.split_conditions[node])))
        left, right = branch(tree.left_children[node]), branch(tree.right_children[node])
        value, missing_left = f"x{tree.split_indices[node]}", bool(tree.default_left[node])
        if node in sets:
            return _among(value, sets[node], left, right, missing_left=missing_left)
        edge = repr(edge_of(tree.split_conditions[node]))
        if missing_left:
            return f"({right} if {value} >= {edge} else {left})"
        return f"({left} if {value} < {edge} else {right})"

    return branch(0)


def _among(value: str, categories: frozenset[int], left: str, right: str, *, missing_left: bool) -> str:
    """Write a question for categories: those of the set go right, a fraction counts as the whole number below it."""
    members = "{" + ", ".join(map(str, sorted(categories))) + "}" if categories else "()"
    missing = "" if missing_left else f" or {value} != {value}"
    return f"({right} if {value} // 1 in {members}{missing} else {left})"
