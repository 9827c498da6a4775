"""Python functions: of `data` and `results`, of their fields, or of a frame."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlsm._fields import Fields
from mlsm._fields.dtypes import dtype_of
from mlsm._model import Model, RuleSummary, SummaryModel
from mlsm._result import Upstream
from mlsm._typing import Function
from mlsm.contracts import ROW_ID, NoReasonsError, Predictor, Reasoned
from mlsm.runtimes._frames import conversion_of
from mlsm.runtimes._rules import load_rule

if TYPE_CHECKING:
    import polars as pl

__all__ = ["load"]


def load(model: Model | SummaryModel) -> Predictor:
    """Make a function model callable.

    The values that `record` is given are a summary's upstreams, then the fields, then
    `as_of` where the function names it.
    """
    if isinstance(model, RuleSummary):
        return load_rule(model)
    upstreams = tuple(model.upstreams) if isinstance(model, SummaryModel) else ()
    if model.call == "frame":
        return FramePredictor(
            function=model.fcn,
            fields=model.inputs,
            upstreams=upstreams,
            convert=conversion_of(model),
            wants_as_of=model.wants_as_of,
        )
    names = (*upstreams, *model.inputs.names, *(("as_of",) if model.wants_as_of else ()))
    if model.call == "data":
        return RowPredictor(record=_by_data(model.fcn, len(upstreams), names[len(upstreams) :]))
    return RowPredictor(record=_by_name(model.fcn, names))


@dataclass(frozen=True, slots=True)
class RowPredictor:
    """A function of one record."""

    record: Callable[..., Any]
    by_row: bool = True
    single: bool = True
    path: str = "It is a function of one record."
    samples: Sequence[tuple[Any, ...]] = ()

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> object:
        """Call the function for every row of a frame."""
        clock = () if as_of is None else (as_of,)
        return [self.record(*row, *clock) for row in frame.drop(ROW_ID, strict=False).iter_rows()]

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:  # noqa: ARG002 - the Protocol's
        """Refuse: a function tells its reasons itself, or has none."""
        raise NoReasonsError


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePredictor:
    """A function of a whole frame, handed over as the kind of frame that it asks for."""

    function: Function
    fields: Fields
    upstreams: tuple[str, ...]
    convert: Callable[[pl.DataFrame], Any]
    wants_as_of: bool
    by_row: bool = False
    single: bool = False
    path: str = "It is a function of frames, called with a frame of one row."
    samples: Sequence[tuple[Any, ...]] = ()

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> object:
        """Call the function with its own kind of frame; one that is returned is joined by its index."""
        handed = self.convert(frame)
        return self.function(handed, as_of=as_of) if self.wants_as_of else self.function(handed)

    def record(self, *values: Any) -> object:
        """Call the function with a frame of one row; the answer is that of a frame."""
        import polars as pl

        columns = []
        for name, seen in zip(self.upstreams, values, strict=False):
            columns.append(pl.Series(f"{name}.score", [seen.score], pl.Float64))
            columns.append(pl.Series(f"{name}.label", [seen.label], pl.String))
            columns.append(pl.Series(f"{name}.outcome", [str(seen.outcome)], pl.String))
        for field, value in zip(self.fields, values[len(self.upstreams) :], strict=False):
            dtype = dtype_of(field.kind)
            columns.append(pl.Series(field.name, [value], pl.Object() if dtype is None else dtype))
        as_of = values[-1] if self.wants_as_of else None
        return self.columns(pl.DataFrame(columns), as_of)

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:  # noqa: ARG002 - the Protocol's
        """Refuse: a function tells its reasons itself, or has none."""
        raise NoReasonsError


def _by_name(function: Function, names: tuple[str, ...]) -> Callable[..., Any]:
    """Call with positions where they are the function's own, which costs nothing; else by name."""
    parameters = list(inspect.signature(function).parameters.values())
    plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if tuple(plain[: len(names)]) == names:
        return function
    return lambda *values: function(**dict(zip(names, values, strict=True)))


def _by_data(function: Function, upstreams: int, names: tuple[str, ...]) -> Callable[..., Any]:
    """Call as in 0.0.4: `data` holds the fields, `results` the upstreams by name and version."""
    wants_as_of = names[-1:] == ("as_of",)
    fields = names[:-1] if wants_as_of else names

    def record(*values: Any) -> Any:
        results: dict[str, dict[str, Any]] = {}
        for seen in values[:upstreams]:
            results.setdefault(seen.model, {})[seen.version] = _as_original(seen)
        data = dict(zip(fields, values[upstreams:], strict=False))
        extra = {"as_of": values[-1]} if wants_as_of else {}
        return function(data=data, results=results, **extra)

    return record


def _as_original(seen: Upstream) -> dict[str, Any]:
    """Show an upstream's result as 0.0.4 did: what the model returned, `_status`, `_error`."""
    shown: dict[str, Any] = {"_status": seen.status}
    if not seen.usable:
        return {**shown, "_error": str(seen.outcome)}
    output = seen.output
    shown |= output if isinstance(output, dict) else {}
    return {**shown, **{k: v for k, v in (("score", seen.score), ("label", seen.label)) if v is not None}}
