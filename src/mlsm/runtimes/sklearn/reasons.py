"""What each field added to a score: by coefficients, and by the Shapley values of trees."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from mlsm._guard import Raised, attempt
from mlsm.contracts import NoReasonsError, Reasoned
from mlsm.runtimes._carried import against_others, exponential, of_shares
from mlsm.runtimes.sklearn.columns import Column
from mlsm.runtimes.sklearn.library import Library
from mlsm.runtimes.sklearn.linear import Linear
from mlsm.runtimes.sklearn.links import Link
from mlsm.runtimes.sklearn.terms import Term

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["explain_linear", "explain_trees"]

_SINGLE_PRECISION = 1e-3
"""What sums of Shapley values may be off by; more, and shap read the trees otherwise."""


def explain_linear(linear: Linear, link: Link, baseline: Mapping[str, Any], frame: pl.DataFrame) -> Reasoned:
    """Give coefficient x (value - mean) of each field, its categories put together.

    Args:
        linear: the model.
        link: one whose reasons add up.
        baseline: values of fields to compare with in place of the mean.
        frame: what is scored.
    """
    codes = linear.coded(frame)
    compared = [_compared(term, baseline) for term in linear.terms]
    margins = range(len(linear.intercepts)) if link.entangled else (link.index,)
    added = np.empty((frame.height, len(margins), len(linear.terms) + 1))
    for number, margin in enumerate(margins):
        for place, (term, (value, _)) in enumerate(zip(linear.terms, compared, strict=True)):
            found = term.margin(margin, frame.get_column(term.name), codes.get(place))
            added[:, number, place] = found - value[margin]
        added[:, number, -1] = linear.intercepts[margin] + sum(value[margin] for value, _ in compared)
    own = _carried(added, link)
    return Reasoned(
        scale=link.reasons_scale,
        fields=tuple(term.name for term in linear.terms),
        contributions=own[:, :-1],
        baseline=own[:, -1],
        factor=link.scale,
        texts=tuple(text for _, text in compared),
    )


def _carried(added: NDArray[np.float64], link: Link) -> NDArray[np.float64]:
    """Carry contributions to margins to where they add up to the score or to its log odds."""
    if link.kind == "softmax":
        return against_others(added, link.index)
    if link.kind == "shares":
        return against_others(of_shares(added), link.index)
    own: NDArray[np.float64] = added[:, link.index, :] * link.steepness
    return exponential(own) if link.kind == "exp" else own


def _compared(term: Term, baseline: Mapping[str, Any]) -> tuple[NDArray[np.float64], str]:
    name = term.name
    stated = term.of(baseline[name]) if name in baseline else None
    if stated is not None:
        return stated, f"compared with {baseline[name]}"
    return term.centre, "compared with none of its values" if term.mean is None else f"compared with {term.mean:.6g}"


def _stacked(columns: Sequence[NDArray[np.float64]], rows: int) -> NDArray[np.float64]:
    return np.column_stack(columns) if columns else np.empty((rows, 0))


def explain_trees(library: Library, columns: Sequence[Column], link: Link, frame: pl.DataFrame) -> Reasoned:
    """Give the Shapley values of trees, those of all columns of a field put together.

    Args:
        library: the estimator.
        columns: what its trees see.
        link: one whose reasons add up.
        frame: what is scored.

    Raises:
        NoReasonsError: shap is not installed or does not read these trees, or no sum gives the score.
    """
    shap = _shap()
    if shap is None or not link.adds_up:
        raise NoReasonsError
    places = sorted({column.place for column in columns})
    sources = library.table.sources
    names = tuple(sources[place].field.name for place in places)
    if not frame.height:
        return Reasoned(fields=names, contributions=np.empty((0, len(names))), factor=link.scale)
    found = attempt(_shapley, shap, library, frame, link)
    if isinstance(found, Raised):
        raise NoReasonsError from found.error
    values, expected, margins = found
    total = expected + values.sum(axis=1)
    if total.shape != margins.shape or not np.all(
        np.abs(total - margins) <= _SINGLE_PRECISION * np.maximum(1.0, np.abs(margins))
    ):
        raise NoReasonsError
    added = np.empty((frame.height, margins.shape[1], len(places) + 1))
    for number, place in enumerate(places):
        own = [column_number for column_number, column in enumerate(columns) if column.place == place]
        added[:, :, number] = values[:, own, :].sum(axis=1)
    added[:, :, -1] = margins - added[:, :, :-1].sum(axis=2)  # the expected value, and what shap rounds
    carried = _carried(added, link)
    return Reasoned(
        scale=link.reasons_scale,
        fields=names,
        contributions=carried[:, :-1],
        baseline=carried[:, -1],
        factor=link.scale,
    )


def _shap() -> ModuleType | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what shap itself imports
        try:
            import shap
        except ImportError:
            return None
    library: ModuleType = shap
    return library


def _shapley(shap: Any, library: Library, frame: pl.DataFrame, link: Link) -> tuple[Any, Any, Any]:
    """Give Shapley values rows x columns x margins, the expected values, and the margins that they should add up to."""
    estimator, answer = library.estimator, library.answer
    table: Any = library.table.of_frame(frame)
    margins = _margins(library, table, link)
    final = estimator
    while hasattr(final, "steps"):
        if len(final.steps) > 1:
            table = final[:-1].transform(table)
        final = final.steps[-1][1]
    dense = table.toarray() if hasattr(table, "toarray") else np.asarray(table, dtype=np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of releases to come
        explainer = shap.TreeExplainer(final, feature_perturbation="tree_path_dependent")
        values = np.asarray(explainer.shap_values(dense, check_additivity=False))
    expected = np.ravel(explainer.expected_value)
    if values.ndim == 2:
        values = values[:, :, None]
    elif not link.entangled:  # rows x columns x classes
        index = 0 if answer.index is None else answer.index
        values, expected = values[:, :, index : index + 1], expected[index : index + 1]
    return values, expected, margins


def _margins(library: Library, table: Any, link: Link) -> NDArray[np.float64]:
    """Ask the library for what comes before the link, rows x margins."""
    if link.kind in ("logistic", "softmax"):
        found = np.asarray(library.estimator.decision_function(table), dtype=np.float64)
        return found if found.ndim == 2 else found[:, None]
    answers = np.asarray(library.answer.pick(library.answer.ask(library.estimator, table))) / link.scale
    own: NDArray[np.float64] = np.log(answers) if link.kind == "exp" else answers / link.steepness
    return own[:, None]
