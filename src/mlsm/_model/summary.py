"""A summary: a model over the results of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from mlsm._fields import Fields
from mlsm._model.failing import Failing
from mlsm._model.isolation import Isolation
from mlsm._model.key import split_key
from mlsm._model.model import Call, Model
from mlsm._typing import Function
from mlsm.errors import DeclarationError

__all__ = ["SummaryModel"]


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
        call, range, labels, source, failing, isolation, timeout, memory, python: as for `Model`.

    Example:
        >>> best = SummaryModel("best", ["fit", "recency@2"], "1",
        ...                     lambda data, results: {"score": max(results["fit"]["1"]["score"], 0)})
        >>> best.key, best.upstreams
        ('best@1', {'fit': 'fit', 'recency': 'recency@2'})
    """

    __slots__ = ("models", "require", "siblings")

    kind = "summary"
    models: Any
    require: tuple[str, ...]
    siblings: Mapping[str, str]

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
        failing: Failing | None = None,
        isolation: str | Isolation | None = None,
        timeout: float | tuple[float, float] | None = None,
        memory: int | str | None = None,
        python: str | Path | None = None,
    ) -> None:
        super().__init__(
            name, {} if fields is None else fields, version, fcn, status,
            call=call, range=range, labels=labels, source=source, failing=failing,
            isolation=isolation, timeout=timeout, memory=memory, python=python,
        )  # fmt: skip
        self._set(models=models, require=tuple(require), siblings={})

    def with_siblings(self, siblings: Mapping[str, str]) -> Self:
        """Give the same summary, beside models that came with it.

        Args:
            siblings: by reference, `"fit"` or `"fit@1.2.0"`, the key that a model of the same commit has here: what a
                draft stands on where no version is active, and what an exact version means.

        Example:
            >>> best = SummaryModel("best", ["fit"], "2", lambda data, results: 1.0)
            >>> best.with_siblings({"fit": "fit@2-of-this-commit"}).siblings
            {'fit': 'fit@2-of-this-commit'}
        """
        return self._with(siblings=dict(siblings))

    @property
    def upstreams(self) -> dict[str, str]:
        """Give the upstreams: parameter to reference, in order.

        Raises:
            DeclarationError: two upstreams share a parameter's name.
        """
        if isinstance(self.models, Mapping):
            return dict(self.models)
        found: dict[str, str] = {}
        for reference in self._references():
            name = split_key(reference)[0]
            if name in found and self.call != "data":
                raise DeclarationError(
                    f"Summary {self.key!r} names {name!r} twice.",
                    hint='Give each a parameter: models={"old": "fit@1", "new": "fit@2"}.',
                )
            found[name if name not in found else reference] = reference
        return found

    @property
    def required(self) -> tuple[str, ...]:
        """Give the parameters of the upstreams without which it is skipped.

        Raises:
            DeclarationError: it requires what it does not name.
        """
        upstreams = self.upstreams
        if unknown := [name for name in self.require if name not in upstreams]:
            raise DeclarationError(
                f"Summary {self.key!r} requires {unknown}, which it does not name; expected some of {list(upstreams)}."
            )
        return self.require

    def _references(self) -> list[str]:
        references = []
        several = isinstance(self.models, Iterable) and not isinstance(self.models, str)
        for entry in self.models if several else [self.models]:
            named = isinstance(entry, Mapping) and {"name", "version"} <= entry.keys()
            if not named and not isinstance(entry, str):
                raise DeclarationError(
                    f"Summary {self.key!r} names the upstream {entry!r}; expected 'name', 'name@version' "
                    "or {'name': …, 'version': …}."
                )
            references.append(f"{entry['name']}@{entry['version']}" if named else entry)
        return references

    def _digested(self) -> dict[str, Any]:
        return super()._digested() | {"models": list(self.upstreams.items()), "require": self.require}
