"""Boosters that XGBoost saved as JSON or UBJ: `booster.save_model("model.ubj")`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mlsm._guard import Raised, attempt
from mlsm._model import ArtefactModel
from mlsm.contracts import Description, NoReasonsError, Predictor, Reasoned
from mlsm.errors import InputError, MissingExtraError
from mlsm.runtimes._margins import Head, head_of
from mlsm.runtimes._matrix import Feature, Layout, fields_of, layout_of, samples_of
from mlsm.runtimes._resting import resting_threads
from mlsm.runtimes._xgboost_document import BoosterDocument, read_document

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["describe", "load"]

_FEW = 256
"""Rows below which a second thread costs more than it brings."""

_FAST = "It is scored by its trees as one Python function; XGBoost takes most of a millisecond to prepare a row."
_SLOW = "It is scored by XGBoost's own prediction of one row, since {}."
_ONE_NUMBER = ("multi:softmax",)
"""Objectives that predict a class's number instead of probabilities."""


def describe(path: Path, options: Mapping[str, Any]) -> Description:
    """Tell the fields and the range of a booster.

    Raises:
        DeclarationError: the options do not fit it.
        InputError: it is not there, is no model of XGBoost's, or is damaged.
        MissingExtraError: XGBoost is not installed.
    """
    raw = _read(path)
    document = _document(raw, path)
    _, notes = _booster(raw, path)
    head = _head(document, options, path)
    if any(feature.values for feature in document.features):
        notes.append("A category that it was not fitted on is read as missing.")
    if any(feature.kind == "category" and not feature.values for feature in document.features):
        notes.append("It does not hold the values of its categories; records bring their codes.")
    if document.stopped is not None:
        notes.append(_stopped_note(document))
    if not document.named:
        notes.append("It was fitted without names of columns: declare the fields in their order.")
    fields = fields_of(document.features) if document.named else None
    return Description(fields=fields, range=head.range, notes=tuple(notes))


def load(model: ArtefactModel) -> Predictor:
    """Make a booster callable; raises as `describe` does."""
    from mlsm.runtimes._xgboost_walk import walk_of, why_not

    raw = _read(model.path)
    document = _document(raw, model.path)
    head = _head(document, model.options, model.path)
    layout = layout_of(model.inputs, document.features, by_position=not document.named, key=model.key)
    many, few = (_booster(raw, model.path)[0] for _ in range(2))
    turn = nullcontext() if document.booster == "gbtree" else Lock()
    trees = Trees(many=many, few=few, document=document, head=head, turn=turn)
    trees.settle()
    hindrance = why_not(document)
    return BoosterPredictor(
        trees=trees,
        layout=layout,
        record=walk_of(document, layout, head) if hindrance is None else _prepared_each_time(trees, layout),
        path=_FAST if hindrance is None else _SLOW.format(hindrance),
        samples=samples_of(layout, _edges(document)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """A booster, once for many rows and once, in one thread, for a few; and which of its numbers is meant.

    How many threads predict is set on the booster, not with each call. Those that are no plain
    sum of trees take one call at a time: XGBoost promises no more.
    """

    many: Any
    few: Any
    document: BoosterDocument
    head: Head
    turn: AbstractContextManager[Any]

    def settle(self) -> None:
        """Set up what XGBoost otherwise does with the first rows, of which two threads may bring some at once."""
        import numpy as np

        self.few.set_param({"nthread": 1})
        for booster in (self.many, self.few):
            self._predicted(booster, np.zeros((1, len(self.document.features))), margin=False)

    def scores(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score the rows of a matrix by XGBoost's own prediction."""
        import numpy as np

        if not len(matrix):
            return np.empty(0)
        shared = self.document.objective in _ONE_NUMBER and not self.head.raw
        booster = self.few if len(matrix) < _FEW else self.many
        predicted = self._predicted(booster, matrix, margin=self.head.raw or shared)
        return self.head.pick(_softmax(predicted) if shared else predicted)

    def added(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give rows x margins x features: what each added, last what the sum starts from.

        The last takes up what adding up in float32 leaves over.
        """
        import numpy as np

        margins, width = self.head.margins, matrix.shape[1] + 1
        if not len(matrix):
            return np.empty((0, margins, width))
        greatest = float(np.finfo(np.float32).max)
        held = np.clip(matrix, -greatest, greatest)  # beyond it a number is infinite for XGBoost, which refuses that
        rows = self._dmatrix(held)
        with self.turn:
            added = self.many.predict(rows, pred_contribs=True, iteration_range=self._rounds, strict_shape=True)
            sums = self.many.predict(rows, output_margin=True, iteration_range=self._rounds, strict_shape=True)
        exact: NDArray[np.float64] = added.astype(np.float64).reshape(len(matrix), margins, width)
        exact[:, :, -1] = sums.astype(np.float64).reshape(len(matrix), margins) - exact[:, :, :-1].sum(axis=2)
        return exact

    def _predicted(self, booster: Any, matrix: NDArray[np.float64], *, margin: bool) -> NDArray[Any]:
        with self.turn:
            if self.document.booster == "gblinear":  # it alone predicts nothing in place
                predicted: NDArray[Any] = booster.predict(self._dmatrix(matrix), output_margin=margin)
            else:
                wanted = "margin" if margin else "value"
                predicted = booster.inplace_predict(matrix, predict_type=wanted, iteration_range=self._rounds)
        return predicted

    @property
    def _rounds(self) -> tuple[int, int]:
        return 0, self.document.rounds or 0

    def _dmatrix(self, matrix: NDArray[np.float64]) -> Any:
        names, types = self.many.feature_names, self.many.feature_types
        return _library().DMatrix(matrix, feature_names=names, feature_types=types, enable_categorical=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoosterPredictor:
    """A booster whose features are the fields of a model."""

    trees: Trees
    layout: Layout
    record: Callable[..., object]
    path: str
    samples: Sequence[tuple[Any, ...]]
    by_row: bool = False
    single: bool = True

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> NDArray[np.float64]:  # noqa: ARG002 - the Protocol's
        """Score a frame by XGBoost's own prediction of a matrix."""
        return self.trees.scores(self.layout.matrix(frame))

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:  # noqa: ARG002 - the Protocol's
        """Give what each feature added to the margin, by the trees' exact Shapley values.

        Raises:
            NoReasonsError: leaves hold several numbers, or no sum gives the score.
        """
        if self.trees.document.vectors:
            raise NoReasonsError
        return self.trees.head.reasoned(self.layout.names, self.trees.added(self.layout.matrix(frame)))


def _prepared_each_time(trees: Trees, layout: Layout) -> Callable[..., float]:
    """Score one record by XGBoost's prediction of a matrix, which takes most of a millisecond."""
    import numpy as np

    row = layout.row
    return lambda *values: float(trees.scores(np.array([row(*values)], dtype=np.float64))[0])


def _softmax(margins: NDArray[Any]) -> NDArray[np.float64]:
    import numpy as np

    powers: NDArray[np.float64] = np.exp((margins - margins.max(axis=1, keepdims=True)).astype(np.float64))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _library() -> ModuleType:
    try:
        with resting_threads():
            import xgboost
    except ImportError as error:
        raise MissingExtraError(
            "A model is a booster of XGBoost's, but xgboost is not installed.",
            hint="Install the extra mlsm[xgboost].",
        ) from error
    library: ModuleType = xgboost
    return library


def _read(path: Path) -> bytes:
    raw = attempt(path.read_bytes)
    if isinstance(raw, Raised):
        raise InputError(f"The file {str(path)!r} cannot be read: {raw.failure.message}.") from raw.error
    if raw[:1] != b"{":
        raise InputError(
            f"The file {str(path)!r} is no model of XGBoost's; expected JSON or UBJ, which begin with '{{'.",
            hint='Save it with `booster.save_model("model.ubj")`; the old binary format is read by old releases alone.',
        )
    found: bytes = raw
    return found


def _booster(raw: bytes, path: Path) -> tuple[Any, list[str]]:
    """Load a booster; give what XGBoost warned of besides."""
    library = _library()
    booster = library.Booster()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loaded = attempt(booster.load_model, bytearray(raw))
    if isinstance(loaded, Raised):
        told = loaded.failure.message.strip().splitlines()
        raise InputError(
            f"The file {str(path)!r} cannot be loaded by XGBoost {library.__version__}: it is damaged, or something "
            f"else ({told[0] if told else loaded.failure.type}).",
            hint='Save it again with `booster.save_model("model.ubj")`, and copy it whole.',
        ) from loaded.error
    return booster, [f"XGBoost says: {one.message}" for one in caught]


def _document(raw: bytes, path: Path) -> BoosterDocument:
    """Read what a booster says of itself, before XGBoost does: it trusts what it reads."""
    _library()
    document = attempt(read_document, raw)
    if isinstance(document, Raised):
        raise InputError(
            f"The file {str(path)!r} is no model of XGBoost's, or damaged: {document.failure.message}.",
            hint='Save it again with `booster.save_model("model.ubj")`, and copy it whole.',
        ) from document.error
    found: BoosterDocument = document
    return found


def _head(document: BoosterDocument, options: Mapping[str, Any], path: Path) -> Head:
    return head_of(options, document.link, document.margins, 1.0, repr(str(path)))


def _stopped_note(document: BoosterDocument) -> str:
    rounds = (document.stopped or 0) + 1
    if document.wrapped:
        return f"It stopped early: its first {rounds} rounds are used, as XGBClassifier and XGBRegressor do."
    return (
        f"It stopped early after {rounds} rounds, but all are used, as Booster.predict does; `booster[:{rounds}]` cuts."
    )


def _edges(document: BoosterDocument) -> list[list[float]]:
    """Give for each feature the numbers at and beside the splits of trees, as XGBoost sees them."""
    from mlsm.runtimes._xgboost_walk import edge_of

    splits: list[set[float]] = [set() for _ in document.features]
    for _, tree in document.trees or ():
        sets = tree.sets()
        for node, feature in enumerate(tree.split_indices):
            if not tree.is_leaf(node) and node not in sets:
                splits[feature].add(tree.split_conditions[node])
    return [_beside(feature, found, edge_of) for feature, found in zip(document.features, splits, strict=True)]


def _beside(feature: Feature, splits: Iterable[float], edge_of: Callable[[float], float]) -> list[float]:
    if feature.kind == "category" and not feature.values:
        return [-1.0, 0.0, 1.0, 1.5, 2.0, 3.0, 1e4]
    return [
        near
        for split in splits
        for edge in (edge_of(split),)
        for near in (split, edge, math.nextafter(edge, -math.inf))
    ]
