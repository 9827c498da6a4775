"""Models made callable: predictors, and the runtimes that load them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mlsm._fields import Fields
    from mlsm._model import ArtefactModel

__all__ = [
    "ROW_ID",
    "ArtefactRuntime",
    "Description",
    "Facets",
    "Isolated",
    "NoReasonsError",
    "Predictor",
    "Reasoned",
    "Runtime",
    "Settled",
    "Told",
]

ROW_ID = "mlsm:record_id"
"""The column of ids in a frame handed to a predictor; the model itself is not handed it."""


@dataclass(frozen=True, slots=True)
class Facets:
    """The answers of one of our own runtimes, by columns: no value is looked at one by one.

    Args:
        frame: a row a record, with any of `score` (float64), `label`, and, as canonical JSON
            text, `output` and `reasons`. A row without score and label abstains.
    """

    frame: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoned:
    """What each field added to each score: link(baseline + sum of contributions) * factor = score.

    Args:
        scale: what is counted, the score itself, or log odds, whose link is logistic.
        fields: what the columns of `contributions` stand for.
        contributions: float64, rows x fields.
        baseline: what the sums start from, one for all or one a row.
        factor: what the linked sum is multiplied with.
        texts: for each field what to say of it, where there is more than its name.
        approximate: whether they were found by asking the model again.
        points: where columns hold 0 or one number alone, that number of each, and NaN for the
            others: records of which those others are 0 are written several times as fast.
    """

    scale: Literal["score", "log_odds"] = "score"
    fields: tuple[str, ...]
    contributions: NDArray[np.float64]
    baseline: float | NDArray[np.float64] = 0.0
    factor: float = 1.0
    texts: tuple[str | None, ...] | None = None
    approximate: bool = False
    points: tuple[float, ...] | None = None


Told: TypeAlias = tuple[int, float | None, str | None, str | None, str | None, str | None]
"""An answer that was read already: an outcome's code, score, label, and JSON texts: output, reasons, error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The answers of a model in a process of its own, where they were read already.

    Args:
        frame: a row a record with the facets `outcome`, `score`, and those others that occur.
        traces: type, message and traceback of the first distinct errors.
    """

    frame: pl.DataFrame
    traces: tuple[tuple[str, str, str], ...] = ()


class NoReasonsError(Exception):
    """A model's kind has no exact reasons; its fields are taken away one by one instead."""


class Predictor(Protocol):
    """A loaded model, ready to be called.

    `by_row` tells the batch path to map `record` over the rows; otherwise `columns` is
    called with a frame of them.
    """

    @property
    def by_row(self) -> bool:
        """Tell whether the batch path maps `record` over the rows."""

    @property
    def single(self) -> bool:
        """Tell whether `record` answers for one record, rather than with a frame of one row."""

    @property
    def path(self) -> str:
        """Tell in one sentence how one record is scored, and why so."""

    @property
    def samples(self) -> Sequence[tuple[Any, ...]]:
        """Give values, in the order of the fields, for which `record` and `columns` must agree."""

    def record(self, *values: Any) -> object:
        """Score one record: its upstreams, its checked values in the order of the fields, `as_of`."""

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> object:
        """Score a frame whose columns are the model's fields and `ROW_ID`; one answer a row."""

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:
        """Give the exact reasons for the scores of a frame.

        Raises:
            NoReasonsError: there are none.
        """


@runtime_checkable
class Isolated(Protocol):
    """A predictor whose model runs elsewhere, where its answers are read too."""

    @property
    def by_row(self) -> bool:
        """Tell whether it is a function of one record."""

    def record(self, *values: Any) -> float | Told:
        """Score one record: a float for a plain score, else all of an answer."""

    def rows(
        self,
        upstreams: Sequence[Sequence[Sequence[Any]]],
        fields: Sequence[Sequence[Any] | pl.Series],
        as_of: datetime,
        size: int,
        breaks: tuple[float, int] | None = None,
    ) -> Settled:
        """Score many records with a function of one.

        Args:
            upstreams: for each upstream the columns of what a summary sees of it.
            fields: the checked values of each field, a Series where they are numbers.
            as_of: the clock.
            size: the number of records.
            breaks: the share of failures, among so many calls, behind which the model need not be called;
                then what was not called for is `skipped`, without saying why.
        """

    def columns(self, frame: pl.DataFrame, as_of: datetime | None, breaks: tuple[float, int] | None = None) -> Settled:
        """Score a frame with a function of frames; `breaks` as for rows."""

    def unknown_names(
        self, data: Mapping[str, Any], results: Mapping[str, Any], as_of: datetime
    ) -> tuple[list[str], list[str]]:
        """Call a function of `data` and `results`, and name the fields and upstreams that it asks for in vain."""

    def end(self) -> None:
        """End its process; the next question starts another."""


class Runtime(Protocol):
    """How one kind of model is loaded and called."""

    def load(self, model: Any) -> Predictor:
        """Make a model callable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What an artefact tells of itself.

    Args:
        fields: what it reads, None where it does not tell.
        range: the least and the greatest score.
        labels: every label, best first.
        wants_as_of: whether its score depends on the clock.
        notes: what people should know, a sentence each.
    """

    fields: Fields | None
    range: tuple[float, float] | None = None
    labels: tuple[str, ...] | None = None
    wants_as_of: bool = False
    notes: tuple[str, ...] = ()


class ArtefactRuntime(Protocol):
    """How one kind of file becomes a model."""

    def describe(self, path: Path, options: Mapping[str, Any]) -> Description:
        """Read a file and tell what it says of itself.

        Raises:
            DeclarationError: the options do not fit it.
            InputError: it is not there, or is nothing of the kind.
            MissingExtraError: the library that reads it is not installed.
        """

    def load(self, model: ArtefactModel) -> Predictor:
        """Make it callable; raises the same."""
