"""Whether what a summary stands on compares: the ranges of scores, the labels and their order.

What is wrong is told as the rest of a sentence that begins with the summary.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

from mlsm._model.model import Model
from mlsm._model.rules.conversions import is_banded
from mlsm._model.rules.functions import Terms
from mlsm._model.rules.grid import compare_grid
from mlsm._model.rules.labels import converted_labels, uncovered

__all__ = ["compare", "compares_scores", "hint_of"]

_Range: TypeAlias = tuple[float, float]
_Facet = TypeVar("_Facet")

_CLOSE = 1e-9
_SCORE_HINT = (
    "Declare range=(least, greatest) on each model, or state in the summary how a score becomes one that compares: "
    "convert = { churn = { from = [0, 1], to = [0, 100] } }."
)
_LABEL_HINT = (
    "Declare labels=(…), best first, on each model, or state in the summary how an upstream gets its label: "
    'convert = { churn = { gold = "A" } }, or from which score on: convert = { churn = { A = 75, B = 0 } }.'
)


def compares_scores(rule: str, options: Mapping[str, Any]) -> bool:
    """Tell whether it is scores that a rule compares, rather than labels."""
    return rule in ("best", "blend") or options.get("take") == "score"


def hint_of(rule: str, options: Mapping[str, Any]) -> str:
    """Give the way out where the upstreams of a summary do not compare."""
    return _SCORE_HINT if compares_scores(rule, options) else _LABEL_HINT


def compare(rule: str, options: Mapping[str, Any], upstreams: Mapping[str, Model]) -> tuple[Terms, list[str]]:
    """Find what the upstreams of a summary have in common, and all that keeps them from comparing.

    Args:
        rule: the rule.
        options: what it is told, read.
        upstreams: the models that the summary stands on, by parameter.
    """
    if rule == "grid":
        labels, problems = compare_grid(options, upstreams)
        return Terms(labels=labels), problems
    if compares_scores(rule, options):
        found, problems = _shared_range(options, upstreams)
        labels = None if rule == "blend" else _agreed(model.labels for model in upstreams.values())
        return Terms(range=found, labels=labels, carry=labels is not None), problems
    shared, problems = _shared_labels(options, upstreams)
    ranges = _agreed(model.range for model in upstreams.values()) if rule == "first" else None
    return Terms(range=ranges, labels=shared, carry=ranges is not None), problems


def _agreed(facets: Iterable[_Facet | None]) -> _Facet | None:
    """Give what all declare alike, None where one differs or declares nothing."""
    found = list(facets)
    return found[0] if all(facet == found[0] for facet in found) else None


def _shared_range(options: Mapping[str, Any], upstreams: Mapping[str, Model]) -> tuple[_Range | None, list[str]]:
    problems = []
    ranges: dict[str, _Range] = {}
    for name, model in upstreams.items():
        conversion = options["convert"].get(name)
        if isinstance(conversion, Mapping):
            ranges[name] = _between(*conversion["to"])
            if model.range is not None and not _close(conversion["from"], model.range):
                what = f"converts {name!r} from {_shown(conversion['from'])}, but {model.key!r} declares the range"
                problems.append(f"{what} {_shown(model.range)}; expected to convert from that.")
        elif model.range is not None:
            factor = 1.0 if conversion is None else conversion
            ranges[name] = _between(model.range[0] * factor, model.range[1] * factor)
    shared, told = _expected_range(options, upstreams, ranges)
    for name, model in upstreams.items():
        if name not in ranges:
            problems.append(f"compares scores, but {model.key!r} declares no range; {told}.")
        elif shared is not None and not _close(ranges[name], shared):
            shown = f"{_verb(options, name)} the range {_shown(ranges[name])}"
            problems.append(f"compares scores, but {model.key!r} {shown}; {told}.")
    return shared, problems


def _expected_range(
    options: Mapping[str, Any], upstreams: Mapping[str, Model], ranges: Mapping[str, _Range]
) -> tuple[_Range | None, str]:
    """Give the range that all should have, and say why."""
    stated: _Range | None = options["range"]
    if stated is not None:
        return stated, f"expected {_shown(stated)}, as the summary states"
    if not ranges:
        return None, "expected the least and the greatest score"
    name, first = next(iter(ranges.items()))
    return first, f"expected {_shown(first)}, which {upstreams[name].key!r} {_verb(options, name)}"


def _verb(options: Mapping[str, Any], name: str) -> str:
    return "is converted to" if name in options["convert"] else "declares"


def _between(one: float, other: float) -> _Range:
    return min(one, other), max(one, other)


def _close(one: _Range, other: _Range) -> bool:
    return all(math.isclose(a, b, rel_tol=_CLOSE, abs_tol=_CLOSE) for a, b in zip(one, other, strict=True))


def _shown(found: _Range) -> str:
    return f"({found[0]:g}, {found[1]:g})"


def _shared_labels(
    options: Mapping[str, Any], upstreams: Mapping[str, Model]
) -> tuple[tuple[str, ...] | None, list[str]]:
    convert: Mapping[str, Any] = options["convert"]
    shared, told = _expected_labels(options, upstreams)
    problems = []
    for name, model in upstreams.items():
        if name not in convert:
            if model.labels is None:
                problems.append(f"compares labels, but {model.key!r} declares none; {told}.")
            elif model.labels != shared:
                shown = ", ".join(model.labels)
                problems.append(f"compares labels, but {model.key!r} declares {shown}; {told}.")
            continue
        problems += uncovered(name, model, convert[name])
        given = converted_labels(model, convert[name])
        if shared is not None and (extra := [label for label in given if label not in shared]):
            problems.append(f"converts {name!r} to {', '.join(extra)}; {told}.")
        elif shared is not None and is_banded(convert[name]) and [*given] != [one for one in shared if one in given]:
            problems.append(f"converts the scores of {name!r} to {', '.join(given)} as they fall; {told}.")
    if shared is None and len(convert) == len(upstreams):
        problems.append('does not know which label is better; expected labels = ["A", "B", "C"], best first.')
    return shared, problems


def _expected_labels(options: Mapping[str, Any], upstreams: Mapping[str, Model]) -> tuple[tuple[str, ...] | None, str]:
    """Give the labels that all should have, and say why; those by score have an order too."""
    stated: tuple[str, ...] | None = options["labels"]
    if stated is not None:
        return stated, f"expected {', '.join(stated)}, best first, as the summary states"
    convert: Mapping[str, Any] = options["convert"]
    declared = [(model, model.labels) for name, model in upstreams.items() if name not in convert and model.labels]
    ordered = [
        (upstreams[name], converted_labels(upstreams[name], one)) for name, one in convert.items() if is_banded(one)
    ]
    for model, labels in [*declared, *ordered]:
        verb = "declares" if declared else "is converted to"
        return labels, f"expected {', '.join(labels)}, best first, which {model.key!r} {verb}"
    return None, "expected every label, best first"
