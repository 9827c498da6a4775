"""The labels that an upstream gets by a conversion, and what a conversion leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlsm._model.model import Model
from mlsm._model.rules.conversions import is_banded

__all__ = ["converted_labels", "uncovered"]


def converted_labels(model: Model, conversion: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Give the labels that an upstream has for a summary, best first, () where they are not known.

    Labels by score are the better, the greater the score; others keep the order of those that
    they stand for.
    """
    if conversion is None:
        return model.labels or ()
    if is_banded(conversion):
        return tuple(sorted(conversion, key=lambda label: -conversion[label]))
    declared = [label for label in model.labels or conversion if label in conversion]
    return tuple(dict.fromkeys(conversion[label] for label in declared))


def uncovered(name: str, model: Model, conversion: Mapping[str, Any]) -> list[str]:
    """Tell which labels or scores of an upstream a conversion does not cover, and which it makes up.

    Args:
        name: the parameter of the upstream.
        model: the upstream.
        conversion: a label for each of its labels, or the least score of each label.
    """
    if is_banded(conversion):
        least = min(conversion.values())
        if model.range is None or model.range[0] >= least:
            return []
        what = f"has no label for {name!r} below {least:g}, but {model.key!r} declares the range"
        return [f"{what} from {model.range[0]:g}; expected a label from there on."]
    if model.labels is None:
        return []
    told = f"{model.key!r} declares {', '.join(model.labels)}"
    problems = []
    if open_ones := [label for label in model.labels if label not in conversion]:
        problems.append(f"has no label for {', '.join(open_ones)} of {name!r}; {told}.")
    if unknown := [label for label in conversion if label not in model.labels]:
        problems.append(f"converts {', '.join(unknown)} of {name!r}, but {told}.")
    return problems
