"""Models of functions whose parameters are their fields: `@model`, `@summary_model`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mlsm._fields import RESERVED, fields_of_function, fields_of_mapping
from mlsm._model.failing import Failing
from mlsm._model.key import check_key
from mlsm._model.model import Model, parameters_of
from mlsm._model.summary import SummaryModel
from mlsm._typing import Function
from mlsm.errors import DeclarationError

__all__ = ["model", "summary_model"]

_FACETS = ("score", "label", "outcome")


def model(
    *,
    version: str,
    name: str | None = None,
    fields: Mapping[str, Any] | None = None,
    batch: bool = False,
    status: str = "draft",
    when: Function | None = None,
    range: tuple[float, float] | None = None,  # noqa: A002 - the field's word
    labels: Sequence[str] | None = None,
    failing: Failing | None = None,
    isolation: str | None = None,
    timeout: float | tuple[float, float] | None = None,
    memory: int | str | None = None,
    python: str | Path | None = None,
) -> Callable[[Function], Model]:
    """Make a model of a function whose parameters are its fields.

    Args:
        version: an opaque text.
        name: the function's own name unless given.
        fields: the fields, where the annotations do not tell them; needed with `batch`.
        batch: the function takes one frame of all fields and returns one answer a row.
        status: `active`, `draft` or `retired`.
        when: a condition over some of the fields; where it is false the model abstains.
        range: the least and the greatest score.
        labels: every label, best first.
        failing: what is done about its failures.
        isolation: `inline`, `process` or `env`: where it runs.
        timeout: seconds for one record, or `(record, part)`.
        memory: the most bytes of its process, or text such as `512MB`.
        python: with `env`, the interpreter of its environment.

    Raises:
        DeclarationError: the name, a field or a parameter cannot be used.

    Example:
        >>> @model(version="1.2.0")
        ... def fit(employees: int, country: str | None = None):
        ...     return min(100.0, employees / 10)
        >>> fit.key, fit(employees=50)
        ('fit@1.2.0', 5.0)
    """

    def decorate(function: Function) -> Model:
        _check_answers_at_once(function)
        chosen = _name_of(function) if name is None else name
        if batch and fields is None:
            raise DeclarationError(
                f"Batch model {chosen!r} declares no fields.",
                hint="Pass fields={'employees': int, …}: they are the columns of its frame.",
            )
        inputs = fields_of_mapping(fields) if fields is not None else fields_of_function(function)
        check_key(chosen, version)
        made = Model(
            chosen, inputs, version, function, status,
            call="frame" if batch else "fields", when=when, range=range, labels=labels, source=_origin(function),
            failing=failing,
            isolation=isolation, timeout=timeout, memory=memory, python=python,
        )  # fmt: skip
        if not batch:
            _check_names(made, [])
            _check_parameters(made, set(inputs.names))
        return made

    return decorate


def summary_model(
    *,
    version: str,
    models: Sequence[str] | Mapping[str, str],
    name: str | None = None,
    fields: Mapping[str, Any] | None = None,
    batch: bool = False,
    status: str = "draft",
    require: Sequence[str] = (),
    range: tuple[float, float] | None = None,  # noqa: A002 - the field's word
    labels: Sequence[str] | None = None,
    failing: Failing | None = None,
    isolation: str | None = None,
    timeout: float | tuple[float, float] | None = None,
    memory: int | str | None = None,
    python: str | Path | None = None,
) -> Callable[[Function], SummaryModel]:
    """Make a summary of a function with one parameter an upstream.

    Args:
        version: an opaque text.
        models: the upstreams; a mapping where a name is no parameter's: `{"fit": "lead-fit"}`.
        name: the function's own name unless given.
        fields: what it reads of the record itself, handed over as further parameters.
        batch: the function takes one frame with `<parameter>.score`, `.label`, `.outcome`.
        status: `active`, `draft` or `retired`.
        require: upstreams, by parameter, without whose usable result it is `skipped`.
        range: the least and the greatest score.
        labels: every label, best first.
        failing: what is done about its failures.
        isolation: `inline`, `process` or `env`: where it runs.
        timeout: seconds for one record, or `(record, part)`.
        memory: the most bytes of its process, or text such as `512MB`.
        python: with `env`, the interpreter of its environment.

    Raises:
        DeclarationError: a name, a parameter or an upstream cannot be used.

    Example:
        >>> @summary_model(version="1", models=["fit", "recency"])
        ... def best(fit, recency):
        ...     return max(fit.score or 0, recency.score or 0)
        >>> best.upstreams
        {'fit': 'fit', 'recency': 'recency'}
    """

    def decorate(function: Function) -> SummaryModel:
        _check_answers_at_once(function)
        chosen = _name_of(function) if name is None else name
        check_key(chosen, version)
        made = SummaryModel(
            chosen, models, version, function, fields_of_mapping(fields or {}), status,
            call="frame" if batch else "fields", require=require, range=range, labels=labels, source=_origin(function),
            failing=failing,
            isolation=isolation, timeout=timeout, memory=memory, python=python,
        )  # fmt: skip
        _ = made.required
        facets = [f"{upstream}.{facet}" for upstream in made.upstreams for facet in _FACETS]
        _check_names(made, facets if batch else [*made.upstreams])
        if not batch:
            _check_parameters(made, {*made.upstreams, *made.inputs.names})
        return made

    return decorate


def _origin(function: Any) -> str | None:
    while isinstance(function, partial):
        function = function.func
    named = function if hasattr(function, "__qualname__") else type(function)
    return None if named.__module__ is None else f"{named.__module__}:{named.__qualname__}"


def _name_of(function: Function) -> str:
    name: str | None = getattr(function, "__name__", None)
    if name is None:
        raise DeclarationError(
            f"A {type(function).__name__!r} object has no name; expected one for its model.",
            hint='Pass name="…".',
        )
    return name


def _check_answers_at_once(function: Function) -> None:
    """Refuse a function whose every answer would be something that has yet to run."""
    kinds = {"async": inspect.iscoroutinefunction, "a generator": inspect.isgeneratorfunction}
    kinds["an async generator"] = inspect.isasyncgenfunction
    if kind := next((kind for kind, is_of in kinds.items() if is_of(function)), None):
        raise DeclarationError(
            f"The function {_name_of(function)!r} is {kind}; expected one that returns its answer.",
            hint="Write a plain `def` that returns a number, None, or a mapping with a score.",
        )


def _check_names(made: Model, others: list[str]) -> None:
    """Refuse fields that the function could not tell from something else that it is handed."""
    taken = set(others) if made.call == "frame" else RESERVED.union(others)
    if wrong := [name for name in made.inputs.names if name in taken]:
        raise DeclarationError(
            f"{made.key!r} cannot have the fields {wrong}; these names stand for its upstreams, `as_of` or `results`.",
            hint=f'Name them otherwise: {{"{wrong[0]}_": Annotated[str, Alias("{wrong[0]}")]}}.',
        )


def _check_parameters(made: Model, expected: set[str]) -> None:
    parameters = parameters_of(made.fcn)
    taken = {name for name, parameter in parameters.items() if parameter.kind is not parameter.VAR_KEYWORD}
    surplus = {name for name in taken - expected - {"as_of"} if parameters[name].default is inspect.Parameter.empty}
    open_ended = len(taken) < len(parameters)
    if "results" in surplus:
        raise DeclarationError(
            f"The parameter 'results' of {made.key!r} is reserved for models in the style of 0.0.4.",
            hint="A model of others' results is a summary: @summary_model(version=…, models=[…]). "
            'A column of that name is read by another: Annotated[int, Alias("results")].',
        )
    if surplus or (expected - taken and not open_ended):
        raise DeclarationError(
            f"The parameters of {made.key!r} are {sorted(taken)}; expected {sorted(expected)}.",
            hint="Each field and each upstream is a parameter; a mapping renames: "
            'models={"fit": "lead-fit"}, Annotated[int, Alias("Lead Source")].',
        )
