"""A model: a named, versioned function from a lead's fields to a result."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, MutableMapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

from mlsm._digest import digest_of
from mlsm._equality import TOLERANCE
from mlsm._fields import Fields, Kind, fields_of_mapping
from mlsm._guard import Raised, attempt
from mlsm._model.abroad import Abroad
from mlsm._model.failing import Failing
from mlsm._model.isolation import Isolation
from mlsm._model.promised import read_labels, read_range
from mlsm._typing import Function
from mlsm.errors import DeclarationError

__all__ = ["Call", "Model", "parameters_of"]

_SIMPLE: dict[str | None, Any] = {"int": 1, "str": "lorem ipsum", "bool": True, "float": 1.2}

Call: TypeAlias = Literal["data", "fields", "frame"]
"""How the function is called: `fcn(data=…, results=…)`, one argument a field, or a frame."""


class Model:
    """A function with a name, a version, declared fields and a status.

    Made from a function of `data` and `results`, as in 0.0.4; `@model` and
    `@summary_model` make one from a function of its fields. Two models are equal if their
    digests and statuses are. Immutable: `with_status`, `with_columns`, `with_failing` and
    `with_isolation` give new ones.

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
        failing: what is done about its failures; no part of the digest.
        isolation: `inline`, `process` or `env`: where it runs; no part of the digest.
        timeout: seconds for one record, or `(record, part)`; not with `inline`.
        memory: the most bytes of its process, or text such as `512MB`; not with `inline`.
        python: with `env`, the interpreter of its environment.

    Example:
        >>> fit = Model(name="fit", version="1.2.0", fields={"employees": int},
        ...             fcn=lambda data, results: {"score": data["employees"] / 10})
        >>> fit.key, fit.status, fit.inputs.names
        ('fit@1.2.0', 'draft', ('employees',))
    """

    __slots__ = (
        "_cache", "call", "failing", "fcn", "fields", "isolation", "labels", "name", "range", "source", "status",
        "version", "when",
    )  # fmt: skip

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
    failing: Failing
    isolation: Isolation
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
        failing: Failing | None = None,
        isolation: str | Isolation | None = None,
        timeout: float | tuple[float, float] | None = None,
        memory: int | str | None = None,
        python: str | Path | None = None,
    ) -> None:
        self._set(name=name, fields=fields, version=version, fcn=fcn, status=status, call=call, when=when)
        self._set(range=read_range(range, name), labels=read_labels(labels, name), source=source, _cache={})
        self._set(failing=Failing() if failing is None else failing)
        self._set(isolation=Isolation.of(isolation, timeout=timeout, memory=memory, python=python))

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable; {name!r} cannot be set.")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable; {name!r} cannot be deleted.")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

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
    def tolerance(self) -> float:
        """Tell how far two of its scores of one record may lie apart, relative to the greater or 1."""
        return TOLERANCE

    @property
    def digest(self) -> str:
        """Hash what makes the model answer as it does: `sha256:<hex>`."""
        if "digest" not in self._cache:
            fcn: Any = self.fcn
            self._cache["digest"] = fcn.digest if isinstance(fcn, Abroad) else digest_of(self._digested())
        digest: str = self._cache["digest"]
        return digest

    @property
    def loaded_digest(self) -> str:
        """Hash what another process loads of it: that of a function is found with its file."""
        return self.digest

    @property
    def wants_as_of(self) -> bool:
        """Tell whether the function names a parameter `as_of`."""
        if "wants_as_of" not in self._cache:
            fcn: Any = self.fcn
            away = isinstance(fcn, Abroad)
            self._cache["wants_as_of"] = fcn.wants_as_of if away else "as_of" in parameters_of(fcn)
        wants_as_of: bool = self._cache["wants_as_of"]
        return wants_as_of

    @property
    def wants_clock(self) -> bool:
        """Tell whether the function or the condition `when` names a parameter `as_of`."""
        return self.wants_as_of or (self.when is not None and "as_of" in parameters_of(self.when))

    @property
    def conditional(self) -> bool:
        """Tell whether it may abstain without being called, since it has a condition `when`."""
        fcn: Any = self.fcn
        return fcn.conditional if isinstance(fcn, Abroad) else self.when is not None

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
        home = {key: value for key, value in self._cache.items() if key == "home"}  # what is loaded next may hide it
        twin._set(_cache=home, **values)
        return twin

    def with_status(self, status: str) -> Self:
        """Give the same model in another status.

        Example:
            >>> fit = Model("fit", {"x": int}, "1", lambda data, results: 1.0)
            >>> fit.with_status("active").status, fit.status
            ('active', 'draft')
        """
        return self._with(status=status)

    def with_columns(self, columns: Mapping[str, str]) -> Self:
        """Give the same model with fields read from other columns.

        Example:
            >>> fit = Model("fit", {"x": int}, "1", lambda data, results: 1.0)
            >>> fit.with_columns({"x": "emp.var.rate"}).inputs["x"].column
            'emp.var.rate'
        """
        return self._with(fields=self.inputs.renamed(columns))

    def with_failing(self, failing: Failing) -> Self:
        """Give the same model, whose failures are dealt with otherwise.

        Example:
            >>> fit = Model("fit", {"x": int}, "1", lambda data, results: 1.0)
            >>> fit.with_failing(Failing(on_failure="last_good")).failing.on_failure
            'last_good'
        """
        return self._with(failing=failing)

    def with_isolation(
        self,
        isolation: str | Isolation | None,
        *,
        timeout: float | tuple[float, float] | None = None,
        memory: int | str | None = None,
        python: str | Path | None = None,
    ) -> Self:
        """Give the same model, run elsewhere; what is wrong with that is told when a catalog is made.

        Example:
            >>> fit = Model("fit", {"x": int}, "1", lambda data, results: 1.0)
            >>> fit.with_isolation("process", timeout=2).isolation.rung
            'process'
        """
        return self._with(isolation=Isolation.of(isolation, timeout=timeout, memory=memory, python=python))

    def with_version(self, version: str) -> Self:
        """Give the same model under another version.

        Example:
            >>> fit = Model("fit", {"x": int}, "1", lambda data, results: 1.0)
            >>> fit.with_version("2").key
            'fit@2'
        """
        return self._with(version=version)

    def with_source(self, source: str) -> Self:
        """Give the same model, said to come from elsewhere.

        Example:
            >>> fit = Model("fit", {"x": int}, "1", lambda data, results: 1.0)
            >>> fit.with_source("models/fit.py:fit").source
            'models/fit.py:fit'
        """
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
        """Run on a simple value for each field and tell whether nothing failed, as in 0.0.4.

        Example:
            >>> Model("fit", {"x": int}, "1", lambda data, results: {"score": data["x"] / 10}).test()
            True
        """
        names = {field: _kind_name(kind) for field, kind in self._declared().items()}
        data = {field: _SIMPLE[name] for field, name in names.items() if name in _SIMPLE}
        return "_error" not in self.execute(data=data, results={})[self.name][self.version]


def parameters_of(function: Function) -> Mapping[str, inspect.Parameter]:
    """Give a function's parameters by name, none where it has no readable signature."""
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # builtins have no readable signature
        return {}


def _kind_name(declared: Any) -> str | None:
    name: str | None = declared.name if isinstance(declared, Kind) else getattr(declared, "__name__", None)
    return name
