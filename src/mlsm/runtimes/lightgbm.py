"""Boosters that LightGBM saved as text: `booster.save_model("model.txt")`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mlsm._fields import Fields
from mlsm._guard import Raised, attempt
from mlsm._model import ArtefactModel
from mlsm.contracts import Description, NoReasonsError, Predictor, Reasoned
from mlsm.errors import DeclarationError, InputError, MissingExtraError
from mlsm.runtimes._lightgbm_single import single_row
from mlsm.runtimes._lightgbm_text import BoosterText, read_text
from mlsm.runtimes._margins import Head, Link, head_of
from mlsm.runtimes._matrix import Feature, Layout, fields_of, layout_of, samples_of
from mlsm.runtimes._resting import resting_threads

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["describe", "load"]

_FEW = 256
"""Rows below which a second thread costs more than it brings."""

_LINKS: dict[str, Link] = {
    "": "identity",
    "binary": "logistic",
    "cross_entropy": "logistic",
    "multiclass": "softmax",
    "multiclassova": "each",
    "cross_entropy_lambda": "other",
    **dict.fromkeys(("gamma", "poisson", "tweedie"), "exponential"),
    **dict.fromkeys(("fair", "huber", "lambdarank", "mape", "quantile", "rank_xendcg"), "identity"),
    **dict.fromkeys(("custom", "regression", "regression_l1"), "identity"),
}
_FAST = "It is scored by LightGBM's own call for single rows."
_SLOW = "It is scored by Booster.predict, since the call for single rows is not to be had: {}."
_UNSEEN_NOTE = "A category that it was not fitted on is read as missing, as LightGBM does."


def describe(path: Path, options: Mapping[str, Any]) -> Description:
    """Tell the fields and the range of a booster.

    Raises:
        DeclarationError: the options do not fit it.
        InputError: it is not there, is no model of LightGBM's, or is damaged.
        MissingExtraError: LightGBM is not installed.
    """
    text = read_text(path)
    _booster(text, path)
    head = _head(text, options, path)
    notes = [_UNSEEN_NOTE] if text.categories else []
    if not _tells_categories(text):
        notes.append("Its columns of categories cannot be told apart: declare them as `str | None`.")
    if _nameless(text):
        notes.append("It was fitted without names of columns: declare the fields in their order.")
    tells = _tells_categories(text) and not _nameless(text)
    return Description(fields=fields_of(_features(text)) if tells else None, range=head.range, notes=tuple(notes))


def load(model: ArtefactModel) -> Predictor:
    """Make a booster callable; raises as `describe` does."""
    text = read_text(model.path)
    booster, head = _booster(text, model.path), _head(text, model.options, model.path)
    features = _features(text) if _tells_categories(text) else _declared_features(text, model.inputs, model.key)
    layout = layout_of(model.inputs, features, by_position=_nameless(text), key=model.key)
    trees = Trees(booster=booster, head=head, averaged=text.averaged)
    fast = attempt(single_row, booster, layout, head)
    slow = isinstance(fast, Raised)
    return BoosterPredictor(
        trees=trees,
        layout=layout,
        linear=text.linear,
        record=_prepared_each_time(trees, layout) if slow else fast,
        path=_SLOW.format(fast.failure.message) if slow else _FAST,
        samples=samples_of(layout, [_edges(*each) for each in zip(features, text.splits, strict=True)]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """A booster, which of its numbers is meant, and how many rounds that is the average of."""

    booster: Any
    head: Head
    averaged: int

    def scores(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score the rows of a matrix by LightGBM's own prediction."""
        return self.head.pick(self._predicted(matrix, raw_score=self.head.raw))

    def added(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give rows x margins x features: what each added, last what the sum starts from."""
        added = self._predicted(matrix, pred_contrib=True) / self.averaged  # LightGBM leaves them added up
        return added.reshape(len(matrix), self.head.margins, matrix.shape[1] + 1)

    def _predicted(self, matrix: NDArray[np.float64], **wanted: bool) -> NDArray[Any]:
        import numpy as np

        if not len(matrix):  # LightGBM refuses a matrix without rows
            return np.empty((0, self.head.margins * (matrix.shape[1] + 1 if wanted.get("pred_contrib") else 1)))
        threads = {"num_threads": 1} if len(matrix) < _FEW else {}
        predicted: NDArray[Any] = self.booster.predict(matrix, **wanted, **threads)
        return predicted


@dataclass(frozen=True, slots=True, kw_only=True)
class BoosterPredictor:
    """A booster whose features are the fields of a model."""

    trees: Trees
    layout: Layout
    linear: bool
    record: Callable[..., object]
    path: str
    samples: Sequence[tuple[Any, ...]]
    by_row: bool = False
    single: bool = True

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> NDArray[np.float64]:  # noqa: ARG002 - the Protocol's
        """Score a frame by LightGBM's own prediction of a matrix."""
        return self.trees.scores(self.layout.matrix(frame))

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:  # noqa: ARG002 - the Protocol's
        """Give what each feature added to the margin, by the trees' exact Shapley values.

        Raises:
            NoReasonsError: the leaves are linear models, or no sum gives the score.
        """
        if self.linear:
            raise NoReasonsError
        return self.trees.head.reasoned(self.layout.names, self.trees.added(self.layout.matrix(frame)))


def _prepared_each_time(trees: Trees, layout: Layout) -> Callable[..., float]:
    """Score one record by LightGBM's prediction of a matrix, which takes most of a millisecond."""
    import numpy as np

    row = layout.row
    return lambda *values: float(trees.scores(np.array([row(*values)], dtype=np.float64))[0])


def _library() -> ModuleType:
    try:
        with resting_threads():
            import lightgbm
    except ImportError as error:
        raise MissingExtraError(
            "A model is a booster of LightGBM's, but lightgbm is not installed.",
            hint="Install the extra mlsm[lightgbm].",
        ) from error
    library: ModuleType = lightgbm
    return library


def _booster(text: BoosterText, path: Path) -> Any:
    library = _library()
    booster = attempt(lambda: library.Booster(model_str=text.trees))
    if isinstance(booster, Raised):
        raise InputError(
            f"The file {str(path)!r} cannot be loaded by LightGBM {library.__version__}: {booster.failure.message}.",
            hint="Save it again with a release of LightGBM that is not newer than the installed one.",
        ) from booster.error
    return booster


def _head(text: BoosterText, options: Mapping[str, Any], path: Path) -> Head:
    name, parameters = (text.objective or ("",))[0], text.objective[1:]
    link = "other" if "sqrt" in parameters else _LINKS.get(name, "other")
    steep = [float(one.removeprefix("sigmoid:")) for one in parameters if one.startswith("sigmoid:")]
    return head_of(options, link, text.margins, steep[0] if steep else 1.0, repr(str(path)))


def _nameless(text: BoosterText) -> bool:
    return all(name == f"Column_{number}" for number, name in enumerate(text.names))


def _categorical(text: BoosterText) -> tuple[int, ...]:
    """Find the features that are codes; those of older files by how their values were noted."""
    if text.categorical is not None:
        return text.categorical
    return tuple(number for number, info in enumerate(text.infos) if info != "none" and not info.startswith("["))


def _tells_categories(text: BoosterText) -> bool:
    """Tell whether it is known which feature each list of categories belongs to."""
    return len(text.categories) in (0, len(_categorical(text)))


def _features(text: BoosterText) -> list[Feature]:
    values = dict(zip(_categorical(text), text.categories or ((),) * len(text.names), strict=False))
    return [
        Feature(name=name, kind="category", values=values[number]) if number in values else Feature(name=name)
        for number, name in enumerate(text.names)
    ]


def _declared_features(text: BoosterText, fields: Fields, key: str) -> list[Feature]:
    """Give the lists of categories to the fields that were declared as text."""
    textual = [name for name in text.names if name in fields.names and fields[name].kind.name in ("str", "literal")]
    if len(textual) != len(text.categories):
        raise DeclarationError(
            f"The booster of model {key!r} holds the categories of {len(text.categories)} columns, "
            f"but {len(textual)} fields are declared as text: {textual}.",
            hint="Declare `str | None` for each column that was a category when it was fitted.",
        )
    values = dict(zip(textual, text.categories, strict=True))
    return [Feature(name=name, kind="category", values=values.get(name, ())) for name in text.names]


def _edges(feature: Feature, splits: Iterable[float]) -> list[float]:
    """Give the numbers at and beside each split."""
    if feature.kind == "category" and not feature.values:
        return [-1.0, 0.0, 1.0, 1.5, 2.0, 3.0, 1e4]
    beside = (math.nextafter(split, way) for split in splits for way in (-math.inf, math.inf))
    return [*splits, *beside]
