"""The text in which LightGBM writes a model: read for what it tells, and looked over for damage.

LightGBM itself trusts the text: a tree that was cut off, or a number out of place, can make it
read beyond its memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlsm._guard import Raised, attempt
from mlsm.errors import InputError

__all__ = ["BoosterText", "read_text"]

_IDENTITY_LINE = "tree"
_END = "end of trees"
_CATEGORICAL = 1
"""The lowest bit of a node's `decision_type`."""
_OF_NODES = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
_OF_LEAVES = ("leaf_value", "leaf_weight", "leaf_count", "leaf_const", "num_features")
_NUMERIC = (*_OF_NODES, *_OF_LEAVES, "split_gain", "internal_value", "internal_weight", "internal_count")
"""Lists of numbers; a word among them ends the process that loads it, not just the loading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoosterText:
    """What a model file of LightGBM says.

    Args:
        trees: the text as far as predictions need it.
        names: its features.
        infos: of each feature the range or the categories that it was fitted on.
        objective: what it was fitted for, empty where it does not say, and its parameters.
        margins: trees a round.
        averaged: how many rounds its answer is the average of, as in a random forest; else 1.
        categorical: which features are codes of categories; None where it does not say.
        categories: pandas' categories of the columns that were categories.
        linear: whether its leaves are linear models.
        splits: for each feature the thresholds of its nodes.
    """

    trees: str
    names: tuple[str, ...]
    infos: tuple[str, ...]
    objective: tuple[str, ...]
    margins: int
    averaged: int
    categorical: tuple[int, ...] | None
    categories: tuple[tuple[Any, ...], ...]
    linear: bool
    splits: tuple[frozenset[float], ...]


def read_text(path: Path) -> BoosterText:
    """Read a model file.

    Raises:
        InputError: it is not there, is no model of LightGBM's, or is damaged.
    """
    text = attempt(path.read_text, "utf-8")  # line ends of Windows become plain ones, as its sizes count them
    if isinstance(text, Raised):
        if isinstance(text.error, OSError):
            raise InputError(f"The file {str(path)!r} cannot be read: {text.failure.message}.") from text.error
        raise _foreign(path) from text.error
    if text.split("\n", 1)[0].strip() != _IDENTITY_LINE:
        raise _foreign(path)
    read = attempt(_read, text)
    if isinstance(read, Raised):
        raise InputError(
            f"The file {str(path)!r} is a damaged model of LightGBM: {read.failure.message or read.failure.type}.",
            hint="Save it again with `booster.save_model(path)`, and copy it whole.",
        ) from read.error
    found: BoosterText = read
    return found


def _foreign(path: Path) -> InputError:
    return InputError(
        f"The file {str(path)!r} is no model of LightGBM's; expected text that begins with the line 'tree'.",
        hint="Save it with `booster.save_model(path)`; of an LGBMClassifier, `classifier.booster_.save_model(path)`.",
    )


def _read(text: str) -> BoosterText:
    if f"\n{_END}\n" not in text:
        raise ValueError(f"the line {_END!r} is missing, so it was cut off")
    head, *blocks = text[: text.index(f"\n{_END}\n")].split("\nTree=")
    rest = text[text.index(f"\n{_END}\n") :]
    if "\nparameters:\n" in rest and "\nend of parameters\n" not in f"{rest}\n":
        raise ValueError("its parameters do not end, so it was cut off")
    told = _pairs(head)
    names, infos = tuple(told["feature_names"].split(" ")), tuple(told["feature_infos"].split(" "))
    if not len(names) == len(infos) == int(told["max_feature_idx"]) + 1:
        raise ValueError("its features and what it says of them differ in number")
    margins = int(told["num_tree_per_iteration"])
    if margins < 1 or len(blocks) % margins:
        raise ValueError(f"it holds {len(blocks)} trees, which make no rounds of {margins}")
    _check_sizes(told.get("tree_sizes", ""), blocks)
    splits: list[set[float]] = [set() for _ in names]
    for number, block in enumerate(blocks):
        for feature, threshold in _nodes(_pairs(block), number, len(names)):
            splits[feature].add(threshold)
    return BoosterText(
        trees=f"{text[: text.index(rest)]}\n{_END}\n\n",
        names=names,
        infos=infos,
        objective=tuple(told.get("objective", "").split()),
        margins=margins,
        averaged=len(blocks) // margins if "\naverage_output\n" in f"{head}\n" else 1,
        categorical=_categorical(rest),
        categories=_categories(rest),
        linear="\nis_linear=1\n" in text,
        splits=tuple(frozenset(found) for found in splits),
    )


def _pairs(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n") if "=" in line)


def _check_sizes(written: str, blocks: list[str]) -> None:
    """Compare the bytes of each tree with those that the head promises."""
    sizes = [int(size) for size in written.split()]
    found = [len(f"Tree={block}\n".encode()) for block in blocks]
    if sizes and len(sizes) != len(found):
        raise ValueError(f"it promises {len(sizes)} trees and holds {len(found)}")
    if wrong := [number for number, (one, other) in enumerate(zip(sizes, found, strict=False)) if one != other]:
        raise ValueError(f"tree {wrong[0]} has {found[wrong[0]]} bytes instead of {sizes[wrong[0]]}")


def _nodes(told: dict[str, str], number: int, features: int) -> Iterator[tuple[int, float]]:
    """Yield the feature and threshold of each node of a tree, and see that its nodes form a tree."""
    leaves = int(told["num_leaves"])
    sizes = {name: len(_numbers(told[name], number)) for name in _NUMERIC if name in told}
    wrong = [name for name, size in sizes.items() if size not in (0, leaves if name in _OF_LEAVES else leaves - 1)]
    if wrong or sizes.get("leaf_value") != leaves:
        raise ValueError(f"tree {number} has {leaves} leaves, but not so many of {wrong or ['leaf_value']}")
    if leaves == 1:
        return
    columns = [told[name].split() for name in _OF_NODES]
    kinds, nodes = _set_count(told, number), 0
    for node, row in enumerate(zip(*columns, strict=True)):
        feature, children, nodes = int(row[0]), (int(row[3]), int(row[4])), nodes + 1
        # A node is made when a leaf is split, so that its children come after it; leaves are counted from -1 down.
        if not 0 <= feature < features or not all(-leaves <= one < 0 or node < one < leaves - 1 for one in children):
            raise ValueError(f"node {node} of tree {number} leads nowhere")
        if not int(row[2]) & _CATEGORICAL:
            yield feature, float(row[1])
        elif not 0 <= int(row[1]) < kinds:
            raise ValueError(f"node {node} of tree {number} asks for categories that are not there")
    if nodes != leaves - 1:
        raise ValueError(f"tree {number} has {nodes} nodes and {leaves} leaves")


def _numbers(written: str, number: int) -> list[float]:
    if "_" in written:  # Python would read it
        raise ValueError(f"tree {number} holds {written[:40]!r} instead of numbers")
    return [float(one) for one in written.split()]


def _set_count(told: dict[str, str], number: int) -> int:
    """Count the sets of categories that a tree holds."""
    count = int(told.get("num_cat", "0"))
    if not count:
        return 0
    bounds, words = [int(bound) for bound in told["cat_boundaries"].split()], told["cat_threshold"].split()
    if len(bounds) != count + 1 or bounds != sorted(bounds) or bounds[0] != 0 or bounds[-1] != len(words):
        raise ValueError(f"the categories of tree {number} are not as many as it says")
    return count


def _categorical(rest: str) -> tuple[int, ...] | None:
    found = [line for line in rest.split("\n") if line.startswith("[categorical_feature: ")]
    if not found:
        return None
    written = found[0].removeprefix("[categorical_feature: ").removesuffix("]")
    return tuple(int(index) for index in written.split(",") if index.strip())


def _categories(rest: str) -> tuple[tuple[Any, ...], ...]:
    found = [line for line in rest.split("\n") if line.startswith("pandas_categorical:")]
    read = json.loads(found[-1].removeprefix("pandas_categorical:")) if found else None
    return tuple(tuple(values) for values in read or ())
