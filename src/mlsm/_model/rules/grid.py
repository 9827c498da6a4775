"""The cells of a grid: each label of one upstream beside each of the other."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from mlsm._model.model import Model
from mlsm._model.rules.labels import converted_labels, uncovered

__all__ = ["compare_grid"]


def compare_grid(
    options: Mapping[str, Any], upstreams: Mapping[str, Model]
) -> tuple[tuple[str, ...] | None, list[str]]:
    """Find the labels of a grid, best first: those of the first upstream count first.

    Args:
        options: what the rule is told, read.
        upstreams: the two models, by parameter.

    Returns:
        The labels, None where they are not known; and what is wrong.
    """
    problems = []
    sides = []
    for name, model in upstreams.items():
        conversion = options["convert"].get(name)
        sides.append(converted_labels(model, conversion))
        if conversion is not None:
            problems += uncovered(name, model, conversion)
        elif not model.labels:
            problems.append(f"puts labels together, but {model.key!r} declares none; expected all of them, best first.")
    if not all(sides):
        return None, problems
    cells = [options["join"].join(pair) for pair in product(*sides)]
    if twice := [cell for place, cell in enumerate(cells) if cell in cells[:place]]:
        problems.append(f'has two cells {twice[0]!r}; expected something between the labels, such as join = "-".')
    return _labels(options, cells, problems), problems


def _labels(options: Mapping[str, Any], cells: list[str], problems: list[str]) -> tuple[str, ...]:
    called: Mapping[str, str] = options["cells"]
    if called and (lacking := [cell for cell in cells if cell not in called]):
        problems.append(f"does not say in `cells` what {', '.join(lacking)} is; expected every cell there.")
    if unknown := [cell for cell in called if cell not in cells]:
        problems.append(f"names in `cells` {', '.join(unknown)}; expected some of {', '.join(cells)}.")
    labels = tuple(dict.fromkeys(called.get(cell, cell) for cell in cells))
    stated: tuple[str, ...] | None = options["labels"]
    if stated and set(stated) != set(labels):
        problems.append(f"states the labels {', '.join(stated)}, but its cells are {', '.join(labels)}.")
    return stated or labels
