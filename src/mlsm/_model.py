"""A model: a named, versioned function from a lead's fields to a result."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from copy import copy
from typing import Any, Literal, Self, TypeAlias

from mlsm._digest import digest_of
from mlsm._fields import Fields, Kind, fields_of_function, fields_of_mapping
from mlsm._guard import Raised, attempt
from mlsm._typing import Function
from mlsm.errors import DeclarationError

__all__ = ["STATUSES", "Call", "Model", "SummaryModel", "check_key", "model", "split_key", "summary_model"]

STATUSES = ("active", "draft", "retired")
_KEY_MAX = 128
_SIMPLE: dict[str | None, Any] = {"int": 1, "str": "lorem ipsum", "bool": True, "float": 1.2}

Call: TypeAlias = Literal["data", "fields", "frame"]
"""How the function is called: `fcn(data=…, results=…)`, one argument a field, or a frame."""


class Model:
    """A function with a name, a version, declared fields and a status.

    Made from a function of `data` and `results`, as in 0.0.4; `@model` and
    `@summary_model` make one from a function of its fields. Two models are equal if their
    digests and statuses are. Immutable: `with_status` and `with_columns` give new ones.

    Args:
        name: without white space or `@`.
        fields: names and types of what the function reads.
        version: an opaque text without white space or `@`; it is never sorted.
        fcn: the function; called with the keywords `data` (a dict) and `results`.
        status: `active`, `draft` or `retired`.
        call: how the function is called; decorators set it.
        when: a condition over some of the fields; where it is false the model abstains.
        range: the least and the greatest score, checked on every result.
        labels: every label, best first, checked on every result.
        source: where the model comes from, for people.

    Example:
        >>> fit = Model(name="fit", version="1.2.0", fields={"employees": int},
        ...             fcn=lambda data, results: {"score": data["employees"] / 10})
        >>> fit.key, fit.status, fit.inputs.names
        ('fit@1.2.0', 'draft', ('employees',))
    """

    __slots__ = ("_cache", "call", "fcn", "fields", "labels", "name", "range", "source", "status", "version", "when")

    kind = "function"
    name: str
    fields: Mapping[str, Any] | Fields
    version: str
    fcn: Function
    status: str
    call: Call
    when: Function | None
    range: tuple[float, float] | None
    labels: tuple[str, ...] | None
    source: str | None
    _cache: dict[str, Any]

    def __init__(
        self,
        name: str,
        fields: Mapping[str, Any] | Fields,
        version: str,
        fcn: Function,
        status: str = "draft",
        *,
        call: Call = "data",
        when: Function | None = None,
        range: tuple[float, float] | None = None,  # noqa: A002 - the field's word
        labels: Sequence[str] | None = None,
        source: str | None = None,
    ) -> None:
        self._set(name=name, fields=fields, version=version, fcn=fcn, status=status, call=call, when=when)
        self._set(range=None if range is None else (float(range[0]), float(range[1])))
        self._set(labels=None if labels is None else tuple(labels), source=source, _cache={})

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable; {name!r} cannot be set.")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable; {name!r} cannot be deleted.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function as it is, unchecked."""
        return self.fcn(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model):
            return NotImplemented
        return (self.key, self.status, self.digest) == (other.key, other.status, other.digest)

    def __hash__(self) -> int:
        return hash((self.name, self.version))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key!r}, status={self.status!r})"

    @property
    def key(self) -> str:
        """Give `name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def inputs(self) -> Fields:
        """Give the declared fields, read and checked.

        Raises:
            DeclarationError: a field is declared wrongly.
        """
        if "inputs" not in self._cache:
            fields = self.fields
            self._cache["inputs"] = fields if isinstance(fields, Fields) else fields_of_mapping(fields)
        inputs: Fields = self._cache["inputs"]
        return inputs

    @property
    def digest(self) -> str:
        """Hash what makes the model answer as it does: `sha256:<hex>`."""
        if "digest" not in self._cache:
            self._cache["digest"] = digest_of(self._digested())
        digest: str = self._cache["digest"]
        return digest

    @property
    def wants_as_of(self) -> bool:
        """Tell whether the function names a parameter `as_of`."""
        if "wants_as_of" not in self._cache:
            self._cache["wants_as_of"] = "as_of" in _parameters(self.fcn)
        wants_as_of: bool = self._cache["wants_as_of"]
        return wants_as_of

    def _declared(self) -> Mapping[str, Any]:
        fields = self.fields
        return {field.name: field.kind for field in fields} if isinstance(fields, Fields) else fields

    def _digested(self) -> dict[str, Any]:
        parts: dict[str, Any] = {"kind": type(self).__name__, "call": self.call, "function": self.fcn}
        parts |= {"when": self.when, "range": self.range, "labels": self.labels}
        fields = [(field.name, str(field.kind), field.null_policy) for field in self.inputs]
        return parts | {"fields": fields}

    def _with(self, **values: Any) -> Self:
        twin = object.__new__(type(self))
        for kind in type(self).__mro__:
            for slot in getattr(kind, "__slots__", ()):
                object.__setattr__(twin, slot, getattr(self, slot))
        twin._set(_cache={}, **values)
        return twin

    def with_status(self, status: str) -> Self:
        """Give the same model in another status."""
        return self._with(status=status)

    def with_columns(self, columns: Mapping[str, str]) -> Self:
        """Give the same model with fields read from other columns."""
        return self._with(fields=self.inputs.renamed(columns))

    def with_source(self, source: str) -> Self:
        """Give the same model, said to come from elsewhere."""
        return self._with(source=source)

    def execute(self, data: Mapping[str, Any], results: dict[str, Any]) -> dict[str, Any]:
        """Run on one record's data and put the answer into `results[name][version]`, as in 0.0.4.

        Fields are checked for presence only, and the function is handed `data` and `results`
        themselves. What fails is told under `_error`, by the exception's own text.

        Raises:
            DeclarationError: the model takes its fields as parameters, not `data` and `results`.

        Example:
            >>> double = Model("double", {"x": int}, "1", lambda data, results: {"score": 2 * data["x"]})
            >>> double.execute(data={"x": 4}, results={})
            {'double': {'1': {'score': 8, '_status': 'draft'}}}
        """
        if self.call != "data":
            raise DeclarationError(
                f"Model {self.key!r} takes its fields as parameters; expected a function of `data` and `results`.",
                hint="Score with it through `mlsm.score` or `mlsm.score_one`.",
            )
        results.setdefault(self.name, {})  # functions could see their own name there
        absent = [field for field in self._declared() if field not in data]
        answer = attempt(self._answer, data, results) if not absent else None
        if absent:
            answer = {"_error": f"Expected 'data' input '{absent[-1]}' not found", "_status": self.status}
        elif isinstance(answer, Raised):
            text = attempt(str, answer.error)
            answer = {"_error": answer.failure.message if isinstance(text, Raised) else text, "_status": self.status}
        results.setdefault(self.name, {})[self.version] = answer
        return results

    def _answer(self, data: Mapping[str, Any], results: dict[str, Any]) -> Any:
        answer = self.fcn(data=data, results=results)
        if isinstance(answer, (dict, MutableMapping)):  # dict first: asking an abstract class takes its time
            answer = copy(answer)  # it may be a constant, or another model's answer handed on
        answer["_status"] = self.status
        return answer

    def test(self) -> bool:
        """Run on a simple value for each field and tell whether nothing failed, as in 0.0.4."""
        names = {field: _kind_name(kind) for field, kind in self._declared().items()}
        data = {field: _SIMPLE[name] for field, name in names.items() if name in _SIMPLE}
        return "_error" not in self.execute(data=data, results={})[self.name][self.version]


class SummaryModel(Model):
    """A model over the results of others.

    Args:
        name: without white space or `@`.
        models: the upstreams: `"fit"` for the active version, `"fit@1.2.0"` for exactly that
            one, or `{"name": …, "version": …}` as in 0.0.4; a mapping gives each the name
            of its parameter.
        version: an opaque text.
        fcn: the function; called with `data` and `results` unless made by a decorator.
        fields: what it reads of the record itself.
        status: `active`, `draft` or `retired`.
        require: upstreams, by parameter, without whose usable result the summary is `skipped`.
        call, range, labels, source: as for `Model`.
    """

    __slots__ = ("models", "require")

    kind = "summary"
    models: Any
    require: tuple[str, ...]

    def __init__(
        self,
        name: str,
        models: Sequence[str | Mapping[str, str]] | Mapping[str, str],
        version: str,
        fcn: Function,
        fields: Mapping[str, Any] | Fields | None = None,
        status: str = "draft",
        *,
        call: Call = "data",
        require: Sequence[str] = (),
        range: tuple[float, float] | None = None,  # noqa: A002 - the field's word
        labels: Sequence[str] | None = None,
        source: str | None = None,
    ) -> None:
        super().__init__(
            name, {} if fields is None else fields, version, fcn, status,
            call=call, range=range, labels=labels, source=source,
        )  # fmt: skip
        self._set(models=models, require=tuple(require))

    @property
    def upstreams(self) -> dict[str, str]:
        """Give the upstreams: parameter to reference, in order.

        Raises:
            DeclarationError: two upstreams share a parameter's name.
        """
        if isinstance(self.models, Mapping):
            return dict(self.models)
        found: dict[str, str] = {}
        for entry in self.models:
            reference = entry if isinstance(entry, str) else f"{entry['name']}@{entry['version']}"
            name = split_key(reference)[0]
            if name in found and self.call != "data":
                raise DeclarationError(
                    f"Summary {self.key!r} names {name!r} twice.",
                    hint='Give each a parameter: models={"old": "fit@1", "new": "fit@2"}.',
                )
            found[name if name not in found else reference] = reference
        return found

    def _digested(self) -> dict[str, Any]:
        return super()._digested() | {"models": list(self.upstreams.items()), "require": self.require}


def split_key(reference: str) -> tuple[str, str | None]:
    """Split `name@version` or `name` into name and version.

    Example:
        >>> split_key("fit@1.2.0"), split_key("fit")
        (('fit', '1.2.0'), ('fit', None))
    """
    name, separator, version = reference.partition("@")
    return name, version if separator else None


def check_key(name: object, version: object) -> None:
    """Refuse a name or version that could not be told apart in `name@version`.

    Raises:
        DeclarationError: empty, too long, no text, or with white space, `@` or control characters.
    """
    for what, value in (("name", name), ("version", version)):
        if not isinstance(value, str):
            raise DeclarationError(f"The {what} {value!r} of a model is no text.", hint=f'Write {what}="{value}".')
        if not value or "@" in value or len(value) > _KEY_MAX or not value.isprintable() or value.split() != [value]:
            raise DeclarationError(
                f"The {what} {value!r} of a model cannot be used; expected 1 to {_KEY_MAX} printable characters "
                "without white space or '@'."
            )


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
        if batch and fields is None:
            raise DeclarationError(
                f"Batch model {function.__name__!r} declares no fields.",
                hint="Pass fields={'employees': int, …}: they are the columns of its frame.",
            )
        inputs = fields_of_mapping(fields) if fields is not None else fields_of_function(function)
        chosen = function.__name__ if name is None else name
        check_key(chosen, version)
        made = Model(
            chosen, inputs, version, function, status,
            call="frame" if batch else "fields", when=when, range=range, labels=labels, source=_origin(function),
        )  # fmt: skip
        if not batch:
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
        chosen = function.__name__ if name is None else name
        check_key(chosen, version)
        made = SummaryModel(
            chosen, models, version, function, fields_of_mapping(fields or {}), status,
            call="frame" if batch else "fields", require=require, range=range, labels=labels, source=_origin(function),
        )  # fmt: skip
        if unknown := set(require) - set(made.upstreams):
            raise DeclarationError(
                f"Summary {made.key!r} requires {sorted(unknown)}, which it does not name; "
                f"expected some of {list(made.upstreams)}."
            )
        if not batch:
            _check_parameters(made, {*made.upstreams, *made.inputs.names})
        return made

    return decorate


def _origin(function: Function) -> str | None:
    module = getattr(function, "__module__", None)
    return None if module is None else f"{module}:{function.__qualname__}"


def _kind_name(declared: Any) -> str | None:
    name: str | None = declared.name if isinstance(declared, Kind) else getattr(declared, "__name__", None)
    return name


def _parameters(function: Function) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # builtins have no readable signature
        return {}


def _check_parameters(made: Model, expected: set[str]) -> None:
    parameters = _parameters(made.fcn)
    taken = {name for name, parameter in parameters.items() if parameter.kind is not parameter.VAR_KEYWORD}
    surplus = {name for name in taken - expected - {"as_of"} if parameters[name].default is inspect.Parameter.empty}
    open_ended = len(taken) < len(parameters)
    if surplus or (expected - taken and not open_ended):
        raise DeclarationError(
            f"The parameters of {made.key!r} are {sorted(taken)}; expected {sorted(expected)}.",
            hint="Each field and each upstream is a parameter; a mapping renames: "
            'models={"fit": "lead-fit"}, Annotated[int, Alias("Lead Source")].',
        )
