"""What a model's own process does besides asking the model.

Its condition `when` is asked here, since it may hang or crash as well as the model; and, for a parent that
never imports the model's code, values of classes of its own are built here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any

from mlsm._fields import Field, Kind, Reading, field_reader
from mlsm._guard import Raised, attempt
from mlsm._model import Model, parameters_of
from mlsm._result import Problem
from mlsm._typing import Function
from mlsm.contracts import Predictor, Reasoned
from mlsm.engine.answers import ABSTAINED, Answer
from mlsm.engine.record import condition_failure

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

__all__ = ["Spared", "at_home"]

_PLAIN = (type(None), bool, int, float, str)
_SCALARS = ("date", "datetime")


@dataclass(frozen=True, slots=True)
class Spared:
    """The answer for a record to which the model does not apply: it was not called, which its breaker must know."""

    answer: Answer


def at_home(model: Model, predictor: Predictor, *, builds: bool) -> Predictor:
    """Give what answers for a model in its own process: the predictor itself, where that is all.

    Args:
        model: the model.
        predictor: asks it.
        builds: whether values of its own classes come as plain ones, from a parent that has no code of it.
    """
    fields = list(model.inputs)
    builders = {place: _builder(field) for place, field in enumerate(fields) if builds and _is_partly_here(field)}
    if model.when is None and not builders:
        return predictor
    upstreams = len(getattr(model, "upstreams", ()))
    condition = None if model.when is None else _Condition.of(model, upstreams)
    shifted = {upstreams + place: build for place, build in builders.items()}
    named = {fields[place].name: build for place, build in builders.items()}
    strips = model.wants_clock and not model.wants_as_of
    return _AtHome(inner=predictor, builders=shifted, named=named, condition=condition, strips=strips)


def _is_partly_here(field: Field) -> bool:
    default_here = type(field.default) not in _PLAIN and field.kind.name not in _SCALARS
    return default_here or _has_class(field.kind)


def _has_class(kind: Kind) -> bool:
    inner = [] if kind.item is None else [kind.item]
    inner += [member.kind for member in kind.members or ()]
    return kind.build is not None or any(map(_has_class, inner))


def _builder(field: Field) -> Callable[[Any], Any]:
    read = field_reader(field, Reading())

    def build(value: Any) -> Any:
        problems: list[Problem] = []
        built = read(value, problems)
        if problems:  # the parent has read it by the same table
            raise ValueError("; ".join(map(str, problems)))
        return built

    return build


@dataclass(frozen=True, slots=True, kw_only=True)
class _Condition:
    """A condition over the values that a model is handed: places among them, and fields by name."""

    function: Function
    places: tuple[int, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, model: Model, upstreams: int) -> _Condition:
        assert model.when is not None  # noqa: S101 - asked before
        names = tuple(parameters_of(model.when))
        fields = list(model.inputs.names)
        places = [-1 if name == "as_of" else upstreams + fields.index(name) for name in names]
        return cls(function=model.when, places=tuple(places), names=names)

    def holds(self, values: Sequence[Any]) -> bool | Raised:
        """Tell whether it holds, or what it raised."""
        found: bool | Raised = attempt(lambda: bool(self.function(*values)))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _AtHome:
    """A predictor between the parent's values and a model."""

    inner: Predictor
    builders: Mapping[int, Callable[[Any], Any]]
    named: Mapping[str, Callable[[Any], Any]]
    condition: _Condition | None
    strips: bool

    @property
    def by_row(self) -> bool:
        return self.inner.by_row

    @property
    def single(self) -> bool:
        return self.inner.single

    @property
    def path(self) -> str:
        return self.inner.path

    @property
    def samples(self) -> Sequence[tuple[Any, ...]]:
        return self.inner.samples

    def record(self, *values: Any) -> object:
        values = self._built_values(values)
        if (spared := self._spared(values)) is not None:
            return spared
        return self.inner.record(*(values[:-1] if self.strips else values))

    def spares(self, *values: Any) -> Spared | None:
        """Tell whether the model is spared a record, without calling it for others."""
        return None if self.condition is None else self._spared(self._built_values(values))

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> object:
        return self.inner.columns(self._built(frame), as_of)

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:
        return self.inner.explain(self._built(frame), as_of)

    def applies(self, frame: pl.DataFrame, as_of: datetime | None) -> list[bool | Raised] | None:
        """Tell for each row whether the model applies, or what its condition raised; None where all do."""
        condition = self.condition
        if condition is None:
            return None
        built = self._built(frame)
        columns = [
            [as_of] * frame.height if name == "as_of" else built.get_column(name).to_list() for name in condition.names
        ]
        rows = zip(*columns, strict=True) if columns else repeat((), frame.height)
        return [condition.holds(row) for row in rows]

    def _built_values(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if not self.builders:
            return values
        return tuple(
            self.builders[place](value) if place in self.builders else value for place, value in enumerate(values)
        )

    def _spared(self, values: tuple[Any, ...]) -> Spared | None:
        condition = self.condition
        if condition is None:
            return None
        applies = condition.holds([values[place] for place in condition.places])
        if isinstance(applies, Raised):
            return Spared(condition_failure(applies))
        return None if applies else Spared(Answer(ABSTAINED))

    def _built(self, frame: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        if not self.named:
            return frame
        built = {
            name: [build(value) for value in frame.get_column(name).to_list()] for name, build in self.named.items()
        }
        return frame.with_columns(pl.Series(name, values, pl.Object) for name, values in built.items())
