"""One record: the whole table as one plain Python function, written out and compiled.

Every rule is a line of it with its numbers in place, so that a record costs a comparison a
rule and no call. Sums are taken in the order of `Plan`, as the columns' expressions take
them: the same bits come out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from mlsm.runtimes.scorecard.criteria import Among, Elapsed, Empty, Events, Matching, Past, Test, Within, Words
from mlsm.runtimes.scorecard.plan import Ask, Part, Plan, Term
from mlsm.runtimes.scorecard.table import Labels

__all__ = ["record_function", "source_of"]

_DAY = timedelta(days=1)
_INLINE = (str, int, float, bool, type(None))
_METHODS = {"starts_with": "startswith", "ends_with": "endswith"}


def record_function(plan: Plan, names: Sequence[str]) -> Callable[..., Any]:
    """Compile a table to a function of the fields' values and, where it counts, the clock.

    Args:
        plan: the table made ready.
        names: the model's fields in their order, of which the table may leave some out.
    """
    source, constants = source_of(plan, names)
    exec(compile(source, "<scorecard>", "exec"), constants)  # noqa: S102 - our own text; what the table says is constants in it
    function: Callable[..., Any] = constants["record"]
    return function


def source_of(plan: Plan, names: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Write the function's text; give with it the constants that it names."""
    writer = _Writer(plan, names)
    return writer.text(), writer.constants


class _Writer:
    """The text of one function on its way."""

    def __init__(self, plan: Plan, names: Sequence[str]) -> None:
        self.plan = plan
        self.variable = {name: f"v{place}" for place, name in enumerate(names)}
        self.constants: dict[str, Any] = {"DAY": _DAY, "ZERO": timedelta()}
        self.ages: dict[str, str] = {}

    def text(self) -> str:
        clock = ["as_of"] if self.plan.wants_as_of else []
        body = [line for place, part in enumerate(self.plan.parts) for line in self._part(place, part)]
        lines = [f"def record({', '.join([*self.variable.values(), *clock])}):"]
        lines += [f"    {line}" for line in (*self._ages(), *body, *self._answer())]
        return "\n".join(lines) + "\n"

    def _const(self, value: Any) -> str:
        """Write a plain value in place; give another a name."""
        if isinstance(value, _INLINE):
            return repr(value)
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def _ages(self) -> Iterator[str]:
        kinds = {name: self.plan.declared[name].type for name in self.ages}
        if "date" in kinds.values():
            yield "today = as_of.date()"
        for name, age in self.ages.items():
            value, clock = self.variable[name], "today" if kinds[name] == "date" else "as_of"
            yield f"{age} = None if {value} is None else {clock} - {value}"

    def _age(self, name: str) -> str:
        return self.ages.setdefault(name, self.variable[name].replace("v", "a"))

    def _part(self, place: int, part: Part) -> Iterator[str]:
        total = f"t{place}"
        yield f"{total} = {self.plan.baseline if place == 0 else 0.0!r}"
        for guard, terms in groupby(part.terms, self._guard):
            indent = ""
            if guard:
                yield f"if {guard} is not None:"
                indent = "    "
            for term in terms:
                yield from (indent + line for line in self._term(term, total))
        yield from _bounded(total, part.floor, part.cap)
        if part.labels:
            yield from _labelled(f"l{place}", total, part.labels)

    def _guard(self, term: Term) -> str:
        """Name the variable that has to be there; neighbours with the same one share the question."""
        return "" if term.either or isinstance(term.test, (Empty, Events)) else self.variable[term.field]

    def _term(self, term: Term, total: str) -> Iterator[str]:
        beside = [self._guarded(one) for one in term.beside]
        if isinstance(term.test, Events) and not term.either:
            events = self._events(term, term.test, total)
            if beside:
                yield f"if {' and '.join(beside)}:"
                events = (f"    {line}" for line in events)
            yield from events
            return
        if term.either:
            condition = " or ".join([self._guarded(term.asks[0]), *beside])
        else:
            condition = " and ".join([self._condition(term.asks[0]), *beside])
        if term.fading is None:
            yield f"if {condition}: {total} += {term.points!r}"
            return
        age = self._age(term.fading.field)
        yield f"if {age} is not None and {age} >= ZERO and {condition}:"
        yield from (f"    {line}" for line in self._faded(term, age, total, repr(term.points) + " * "))

    def _faded(self, term: Term, age: str, total: str, times: str) -> Iterator[str]:
        fading = term.fading
        if fading is None:
            raise AssertionError(term)
        if fading.linear:
            yield f"x = 1.0 - {age} / DAY / {fading.days!r}"
            yield f"if x > 0.0: {total} += {times}x"
        else:
            yield f"{total} += {times}0.5 ** ({age} / DAY / {fading.days!r})"

    def _guarded(self, ask: Ask) -> str:
        """Write a criterion so that a missing value does not meet it."""
        condition = self._condition(ask)
        return (
            condition
            if isinstance(ask.test, (Empty, Events))
            else f"({self.variable[ask.field]} is not None and {condition})"
        )

    def _condition(self, term: Ask) -> str:  # noqa: PLR0911 - one a kind of test
        value, test = self.variable[term.field], term.test
        match test:
            case Among():
                return self._among(f"{value}.casefold()" if test.folded else value, test)
            case Words(words, place, folded):
                value = f"{value}.casefold()" if folded else value
                if place != "contains":
                    return f"{value}.{_METHODS[place]}({self._const(words)})"
                return "(" + " or ".join(f"{word!r} in {value}" for word in words) + ")"
            case Matching(pattern):
                return f"{self._const(re.compile(pattern).search)}({value})"
            case Within():
                return self._within(value, test)
            case Elapsed(low, high):
                return self._elapsed(self._age(term.field), low, high)
            case Past():
                return f"{self._age(term.field)} >= ZERO"
            case Events():
                return self._happened(value, term.date, test)
            case _:
                return self._emptiness(value, term.type, test)

    def _emptiness(self, value: str, kind: str, test: Test) -> str:
        empty = isinstance(test, Empty) and test.empty
        if kind == "events":
            return f"not {value}" if empty else value
        return f"{value} is {'' if empty else 'not '}None"

    def _among(self, value: str, test: Among) -> str:
        if len(test.values) == 1:
            return f"{value} {'!=' if test.negated else '=='} {self._const(test.values[0])}"
        return f"{value} {'not in' if test.negated else 'in'} {self._const(frozenset(test.values))}"

    def _within(self, value: str, test: Within) -> str:
        low = "" if test.low is None else f"{self._const(test.low)} {'<' if test.open_low else '<='} "
        high = "" if test.high is None else f" {'<' if test.open_high else '<='} {self._const(test.high)}"
        return f"{low}{value}{high}"

    def _elapsed(self, age: str, low: int | None, high: int | None) -> str:
        """Count whole days: at most 30 days ago is less than 31."""
        least = "" if low is None else f"{self._const(timedelta(days=low))} <= "
        most = "" if high is None else f" < {self._const(timedelta(days=high + 1))}"
        return f"{least}{age}{most}"

    def _happened(self, value: str, date: str, test: Events) -> str:
        """Count events in one expression; a list that is missing has none."""
        time = f"e[{date!r}]"
        conditions = [f"{time} is not None", self._elapsed(f"as_of - {time}", 0, test.within)]
        conditions += [self._among(f"e[{name!r}]", Among(values)) for name, values in test.where]
        return self._often(f"sum({' and '.join(conditions)} for e in {value} or ())", test)

    def _often(self, number: str, test: Events) -> str:
        return f"{test.low or 0} <= {number}{'' if test.high is None else f' <= {test.high}'}"

    def _events(self, term: Term, test: Events, total: str) -> Iterator[str]:
        fades = term.fading is not None
        yield f"n = {'0.0' if fades else '0'}"
        yield f"for e in {self.variable[term.field]} or ():"
        yield f"    a = e[{term.date!r}]"
        yield "    if a is None: continue"
        yield "    a = as_of - a"
        conditions = [self._elapsed("a", 0, test.within)]
        for name, values in test.where:
            conditions.append(self._among(f"e[{name!r}]", Among(values)))
        yield f"    if {' and '.join(conditions)}:"
        yield from (f"        {line}" for line in (self._faded(term, "a", "n", "") if fades else ("n += 1",)))
        if not test.each:
            yield f"if {self._often('n', test)}: {total} += {term.points!r}"
            return
        yield f"x = {term.points!r} * n"
        if term.limit is not None:
            yield f"if x {'>' if term.points > 0 else '<'} {term.limit!r}: x = {term.limit!r}"
        yield f"{total} += x"

    def _answer(self) -> Iterator[str]:
        plan = self.plan
        for place in range(1, len(plan.parts)):
            yield f"t0 += t{place}"
        yield from _bounded("t0", plan.floor, plan.cap)
        if plan.labels:
            yield from _labelled("label", "t0", plan.labels)
        if plan.cells is not None:
            cells = plan.cells
            rows = [label for label, _ in plan.parts[cells.rows].labels]
            columns = [label for label, _ in plan.parts[cells.columns].labels]
            grid = {(r, c): cells.labels[i][j] for i, r in enumerate(rows) for j, c in enumerate(columns)}
            yield f"label = {self._const(grid.get)}((l{cells.rows}, l{cells.columns}))"
        score = "t0" if plan.factor == 1.0 else f"t0 * {plan.factor!r}"
        answer = {"label": "label"} if plan.labels or plan.cells else {}
        answer |= {plan.parts[place].name or "": f"l{place}" for place in plan.graded}
        shown = "".join(f", {name!r}: {value}" for name, value in answer.items())
        yield f"return {{'score': {score}{shown}}}" if answer else f"return {score}"


def _bounded(total: str, floor: float | None, cap: float | None) -> Iterator[str]:
    if floor is not None:
        yield f"if {total} < {floor!r}: {total} = {floor!r}"
    if cap is not None:
        yield f"if {total} > {cap!r}: {total} = {cap!r}"


def _labelled(name: str, total: str, labels: Labels) -> Iterator[str]:
    rest = next((label for label, least in labels if least is None), None)
    word = "if"
    for label, least in labels:
        if least is not None:
            yield f"{word} {total} >= {least!r}: {name} = {label!r}"
            word = "elif"
    yield f"{name} = {rest!r}" if word == "if" else f"else: {name} = {rest!r}"
