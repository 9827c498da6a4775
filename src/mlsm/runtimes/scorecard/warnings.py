"""What a table says that people hardly meant: ranges that overlap, and what can never be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import msgspec

from mlsm.runtimes.scorecard.bounds import part_bounds, total_bounds
from mlsm.runtimes.scorecard.criteria import Among, Elapsed, Empty, Events, Test, Within
from mlsm.runtimes.scorecard.mistakes import Mistake, nearest
from mlsm.runtimes.scorecard.plan import Ask, Plan, Term
from mlsm.runtimes.scorecard.rules import family_of
from mlsm.runtimes.scorecard.table import Labels, Table
from mlsm.runtimes.scorecard.wording import text_of

__all__ = ["warnings_of"]


def warnings_of(table: Table, plan: Plan) -> list[Mistake]:
    """Give what is worth a second look, by line."""
    found = [warning for part in plan.parts for warning in _overlaps(part.terms)]
    found += _unreachable_terms(plan)
    found += _labels(plan.labels, total_bounds(plan), table.label_lines, "score")
    for part, group in zip(plan.parts[1:], table.groups, strict=True):
        found += _labels(part.labels, part_bounds(plan, part), group.label_lines, f"group {group.name!r}")
        if not part.terms:
            message = f"The group {group.name!r} has no rules."
            found.append(Mistake(group.line, message, f'Write group = "{group.name}" in a rule, or remove it.'))
    for declared in table.fields:
        if declared.name not in plan.declared:
            message = f"The field {declared.name!r} is declared, but no rule asks it; it is no input."
            hint = nearest(declared.name, plan.declared, "Remove it, or write a rule on it.")
            found.append(Mistake(declared.line, message, hint))
    return sorted({*found, *_guessed(table)})


def _guessed(table: Table) -> Iterator[Mistake]:
    """Tell of fields whose type no rule shows: text is a guess, and values of another kind would be refused."""
    told = {declared.name for declared in table.fields}
    for name in dict.fromkeys(rule.field for rule in table.asked if rule.field not in told):
        rules = [rule for rule in table.asked if name in (rule.field, rule.since)]
        if all(family_of(rule) == "is_empty" and rule.since != name for rule in rules):
            message = f"The field {name!r} is taken for text, since rules only ask whether it is there."
            yield Mistake(rules[0].line, message, f'Write {name} = "number" under [fields], or "str" if it is text.')


def _overlaps(terms: Sequence[Term]) -> Iterator[Mistake]:
    """Compare rules of one group on one field; one that says on_top is meant so."""
    for first, second in combinations(sorted(terms, key=lambda term: term.line), 2):
        if first.field != second.field or first.on_top or second.on_top or first.beside or second.beside:
            continue
        shared = _shared(first, second)
        if shared is not None:
            message = (
                f"The rule on {second.field!r} overlaps with the one at line {first.line}: "
                f"where {shared}, both give their points."
            )
            hint = "Narrow one of the two, or write on_top = true if both shall count."
            yield Mistake(second.line, message, hint)


def _shared(first: Term, second: Term) -> str | None:
    """Say for which values two criteria both hold; None where there are none, or nobody can tell."""
    match first.test, second.test:
        case Within(), Within():
            shared = _intersection(first.test, second.test)
            return None if _is_void(shared) else text_of(first.field, shared)
        case Elapsed(), Elapsed():
            low, high = _span(first.test, second.test)
            return None if _no_span(low, high) else text_of(first.field, Elapsed(low, high))
        case Events(each=False), Events(each=False) if _counted(first.test) == _counted(second.test):
            low, high = _span(first.test, second.test)
            counted = msgspec.structs.replace(first.test, low=low, high=high)
            return None if _no_span(low, high) else text_of(first.field, counted)
        case Among(negated=False), Among(negated=False) if first.test.folded == second.test.folded:
            values = tuple(value for value in first.test.values if value in second.test.values)
            return text_of(first.field, Among(values)) if values else None
        case _:
            return None


def _counted(test: Events) -> tuple[object, ...]:
    return test.within, test.where


def _span(first: Elapsed | Events, second: Elapsed | Events) -> tuple[int | None, int | None]:
    low = max((bound for bound in (first.low, second.low) if bound is not None), default=None)
    high = min((bound for bound in (first.high, second.high) if bound is not None), default=None)
    return low, high


def _no_span(low: int | None, high: int | None) -> bool:
    return low is not None and high is not None and low > high


def _intersection(first: Within, second: Within) -> Within:
    low, open_low = first.low, first.open_low
    if low is None or (second.low is not None and (second.low, second.open_low) > (low, open_low)):
        low, open_low = second.low, second.open_low
    high, open_high = first.high, first.open_high
    if high is None or (second.high is not None and (second.high, not second.open_high) < (high, not open_high)):
        high, open_high = second.high, second.open_high
    return Within(low, high, open_low, open_high)


def _is_void(test: Within) -> bool:
    if test.low is None or test.high is None:
        return False
    if test.low == test.high:
        return test.open_low or test.open_high
    return bool(test.low > test.high)


def _unreachable_terms(plan: Plan) -> Iterator[Mistake]:
    for term in plan.terms:
        for one in term.asks:
            if isinstance(one.test, Within) and _is_void(one.test):
                message = f"The rule on {one.field!r} is unreachable: no whole number lies in its range."
                yield Mistake(term.line, message, "Widen the range.")
            if _never_empty(plan, term, one):
                message = f"The rule on {term.field!r} is unreachable: {one.field!r} is required, so never empty."
                yield Mistake(term.line, message, f"Remove it, or let {one.field} be empty under [fields].")
        for first, second in () if term.either else combinations(term.asks, 2):
            if first.field == second.field and _exclude(first.test, second.test):
                message = f"The rule on {term.field!r} is unreachable: no value of {first.field!r} meets both criteria."
                yield Mistake(term.line, message, "Change one of the two, or write any instead of all.")


def _never_empty(plan: Plan, term: Term, ask: Ask) -> bool:
    """Tell whether a rule wants a field to be empty that is required; a list of events may have none."""
    wanted = ask.test == Empty(empty=True) and ask.type != "events"
    return wanted and not term.either and plan.declared[ask.field].required


def _exclude(first: Test, second: Test) -> bool:
    """Tell whether two criteria never hold together, as far as anybody can tell."""
    match first, second:
        case Within(), Within():
            return _is_void(_intersection(first, second))
        case Elapsed(), Elapsed():
            return _no_span(*_span(first, second))
        case Events(each=False), Events(each=False) if _counted(first) == _counted(second):
            return _no_span(*_span(first, second))
        case Among(negated=False), Among(negated=False) if first.folded == second.folded:
            return not set(first.values) & set(second.values)
        case _:
            return False


def _labels(labels: Labels, bounds: tuple[float, float], lines: Mapping[str, int], what: str) -> Iterator[Mistake]:
    """Tell of labels that no sum earns, and of sums that earn none."""
    low, high = bounds
    above = None
    for name, least in labels:
        label = f"The label {name!r} of the {what} is unreachable"
        if least is not None and least > high:
            hint = "Lower its threshold, or give more points."
            yield Mistake(lines.get(name, 1), f"{label}: it begins at {least:g}, the greatest is {high:g}.", hint)
        elif above is not None and above <= low:
            hint = "Raise the threshold of the better one, or remove this label."
            yield Mistake(lines.get(name, 1), f"{label}: the least, {low:g}, earns a better one.", hint)
        above = least
    if labels and above is not None and above > low:
        message = f"The {what} has no label below {above:g}, and may be as low as {low:g}."
        yield Mistake(lines.get(labels[-1][0], 1), message, 'Name one that is "rest", or lower the last threshold.')
