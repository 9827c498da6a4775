"""Summaries that are declared rather than written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from inspect import Parameter, Signature
from keyword import iskeyword
from typing import Any, Self

from mlsm._model.absent import AbsentModel
from mlsm._model.key import check_key
from mlsm._model.model import Model
from mlsm._model.rules.comparing import compare, compares_scores, hint_of
from mlsm._model.rules.functions import Terms, function_of
from mlsm._model.rules.options import read_options
from mlsm._model.summary import SummaryModel
from mlsm._result import Unanswered
from mlsm._typing import Function
from mlsm.errors import DeclarationError

__all__ = ["RuleSummary", "summary_of"]

_GRID = 2


class RuleSummary(SummaryModel):
    """A summary that follows a rule, over upstreams that compare.

    What its upstreams have in common, the range of their scores or their labels, is its own;
    a catalog finds that out, and refuses upstreams that do not compare. Which it was is no part
    of the digest: rule, options and upstreams are.

    Args:
        name: without white space or `@`.
        models: the upstreams, as for `SummaryModel`; where equals meet, the first one wins.
        version: an opaque text.
        rule: `best`, `blend`, `first`, `grid`, `majority` or `worst_grade`.
        options: what the rule is told.
        status: `active`, `draft` or `retired`.
        source: where it comes from, for people.

    Raises:
        DeclarationError: a name, an upstream or an option cannot be used; all that is wrong with
            the options is told at once.
    """

    __slots__ = ("options", "rule")

    rule: str
    options: Mapping[str, Any]

    def __init__(
        self,
        name: str,
        models: Sequence[str | Mapping[str, str]] | Mapping[str, str],
        version: str,
        rule: str,
        options: Mapping[str, Any] | None = None,
        status: str = "draft",
        *,
        source: str | None = None,
    ) -> None:
        super().__init__(name, models, version, _unmade, None, status, call="fields", source=source)
        upstreams = list(self.upstreams)
        read, problems = read_options(rule, options or {}, upstreams)
        told = [str(problem) for problem in problems]
        if not upstreams or (rule == "grid" and len(upstreams) != _GRID):
            wanted = "two" if rule == "grid" else "one or more"
            noun = "model" if len(upstreams) == 1 else "models"
            told.insert(0, f"It stands on {len(upstreams)} {noun}; expected {wanted}.")
        if told:
            raise DeclarationError(f"Summary {self.key!r} of the rule {rule!r} is declared wrongly:", problems=told)
        self._set(rule=rule, options=read, require=read["require"])
        self._set(**self._on(Terms(range=read.get("range"), labels=read.get("labels"))))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the rule to what upstreams say, given in their order or by parameter.

        Raises:
            TypeError: one of them is not given, or something else is.
        """
        names = list(self.upstreams)
        given = dict(zip(names, args, strict=False)) | kwargs
        if len(args) + len(kwargs) != len(names) or given.keys() != set(names):
            raise TypeError(f"Summary {self.key!r} takes {', '.join(names)}; expected each of them once.")
        found = self.fcn(*(given[name] for name in names))
        return None if type(found) is Unanswered else found

    @property
    def wants_as_of(self) -> bool:
        """Tell that no rule depends on the clock."""
        return False

    @property
    def compares_scores(self) -> bool:
        """Tell whether it is scores that are compared, rather than labels."""
        return compares_scores(self.rule, self.options)

    def bound_to(self, upstreams: Mapping[str, Model]) -> Self:
        """Give the same summary over these upstreams, with the range and the labels that follow from them.

        Args:
            upstreams: the models that it stands on, by parameter.

        Raises:
            DeclarationError: they do not compare; every reason is told.
        """
        there = {name: model for name, model in upstreams.items() if not isinstance(model, AbsentModel)}
        if len(there) < len(upstreams) and (self.rule == "grid" or not there):
            return self.remade()  # of what could not be loaded nothing is known
        upstreams = there
        terms, problems = compare(self.rule, self.options, upstreams)
        if problems:
            told = [f"{self.key!r} {problem}" for problem in problems]
            hint = hint_of(self.rule, self.options)
            raise DeclarationError(f"What {self.key!r} stands on does not compare:", problems=told, hint=hint)
        return self._with(**self._on(terms))

    def remade(self) -> Self:
        """Give the same summary with its function made again, for a process that has it by its options only."""
        return self._with(**self._on(Terms(range=self.range, labels=self.labels)), fields=self.fields)

    def _on(self, terms: Terms) -> dict[str, Any]:
        names = tuple(self.upstreams)
        function = _with_parameters(function_of(self.rule, names, self.options, terms), names)
        return {"fcn": function, "range": terms.range, "labels": terms.labels}

    def _digested(self) -> dict[str, Any]:
        own = {"function": None, "range": None, "labels": None, "rule": self.rule}
        return super()._digested() | own | {"options": json.dumps(self.options, sort_keys=True)}


def summary_of(
    rule: str,
    *,
    name: str,
    version: str,
    models: Sequence[str] | Mapping[str, str],
    status: str = "draft",
    options: Mapping[str, Any] | None = None,
) -> RuleSummary:
    """Declare a summary by a rule, without writing a function.

    `best` takes the greatest score, `blend` the weighted mean, `first` the first answer that
    there is, `worst_grade` the worst label, `majority` the most frequent one, `grid` puts the
    labels of two together. Which upstream it was stands in the output as `winner`; those
    without an answer are left out and stand there as `missing`, each with its outcome. Where
    none has one, or `missing = "abstain"` is stated, the summary abstains; it is `skipped`
    where one of `require` has no usable result.

    Args:
        rule: `best`, `blend`, `first`, `grid`, `majority` or `worst_grade`.
        name: without white space or `@`.
        version: an opaque text.
        models: the upstreams, the preferred one first; a mapping gives each another name here.
        status: `active`, `draft` or `retired`.
        options: what the rule is told, as in `mlsm.toml`:

            - `require`: upstreams without whose usable result the summary is `skipped`;
            - `missing` (not `first`, `grid`): `"leave_out"` an upstream without an answer, or `"abstain"`;
            - `weights` (`blend`): a number above 0 for each upstream;
            - `take` (`first`): `"score"` or `"label"`;
            - `join`, `cells` (`grid`): what stands between two labels; what the cells are called;
            - `range`, `labels` (best first): of the answer, those of the upstreams unless stated;
            - `convert`: for some upstreams how they become what compares. For a score
              `{"from": [0, 1], "to": [0, 100]}` or a number to multiply with; for a label
              `{"gold": "A", "silver": "B"}` or the least score of each, `{"A": 75, "B": 0}`.

    Raises:
        DeclarationError: the rule, a name or an option cannot be used.

    Example:
        >>> from mlsm import Upstream
        >>> best = summary_of("best", name="top", version="1", models=["fit", "churn"],
        ...                   options={"convert": {"churn": {"from": [0, 1], "to": [0, 100]}}})
        >>> best(fit=Upstream(40.0), churn=Upstream(0.5))
        {'score': 50.0, 'winner': 'churn'}
    """
    check_key(name, version)
    return RuleSummary(name, models, version, rule, options, status)


def _unmade() -> None:
    """Stand where the function will be, until the options are read."""


def _with_parameters(function: Function, names: tuple[str, ...]) -> Function:
    """Let a function of upstreams in their order be called by their names too, where it must.

    Names that are parameters' cost nothing: the function says that they are its own, and is
    called by position.
    """
    if all(name.isidentifier() and not iskeyword(name) for name in names):
        kind = Parameter.POSITIONAL_OR_KEYWORD
        function.__signature__ = Signature([Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
        return function

    def by_name(*seen: Any, **named: Any) -> Any:
        return function(*seen, *(named[name] for name in names[len(seen) :]))

    return by_name
