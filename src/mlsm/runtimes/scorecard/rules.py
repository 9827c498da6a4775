"""What keys of a rule go together, and what a table's parts say of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlsm.runtimes.scorecard.mistakes import Mistake, nearest
from mlsm.runtimes.scorecard.table import Rule, Table

__all__ = ["CRITERIA", "EVENTS", "RANGE", "SINCE", "TEXT", "family_of", "grid_mistakes", "rule_mistakes"]

TEXT = ("contains", "starts_with", "ends_with", "matches")
RANGE = ("at_least", "at_most", "above", "below", "between")
SINCE = ("days_since_at_least", "days_since_at_most", "days_since_between")
EVENTS = ("times_at_least", "times_at_most", "times_between", "each", "within_days", "where", "max_points")
_TIMES = EVENTS[:3]
_FAMILIES = {
    **{name: name for name in ("equals", "one_of", "none_of", *TEXT, "is_empty")},
    **dict.fromkeys(RANGE, "range"),
    **dict.fromkeys(SINCE, "days_since"),
    **dict.fromkeys(EVENTS, "events"),
}
CRITERIA = tuple(_FAMILIES)
"""The keys that are criteria."""

_CASED = ("equals", "one_of", "none_of", *TEXT[:3])
_ONE_WAY = (
    ("at_least", "above"),
    ("at_most", "below"),
    *(("between", name) for name in RANGE[:4]),
    *(("days_since_between", name) for name in SINCE[:2]),
    *(("times_between", name) for name in _TIMES[:2]),
    *(("each", name) for name in _TIMES),
    ("half_life", "fades_over"),
)


def family_of(rule: Rule) -> str | None:
    """Give the kind of a rule's criterion, None where it has none (its points only fade)."""
    return next((_FAMILIES[name] for name in rule.given() if name in _FAMILIES), None)


def rule_mistakes(rules: Iterable[Rule], groups: list[str]) -> Iterator[Mistake]:
    """Find keys that contradict each other, and names of groups that are not there."""
    for rule in rules:
        for message, hint in _of_rule(rule, groups):
            yield Mistake(rule.line, f"The rule on {rule.field!r} {message}", hint)
        for message, hint in _of_several(rule):
            yield Mistake(rule.line, f"The rule on {rule.field!r} {message}", hint)


def grid_mistakes(table: Table) -> Iterator[Mistake]:
    """Find groups that the grid names and that are not there, or have no labels, and cells that it does not have."""
    if table.grid is not None:
        graded = {group.name: group.labels for group in table.groups}
        for name in table.grid.of:
            if not graded.get(name):
                message = f"The grid is of {name!r}, which is no group with labels."
                hint = nearest(name, graded.keys() - {name}, f"Write labels = {{ A = 40 }} under [group.{name}].")
                yield Mistake(table.grid.line, message, hint)
        yield from _of_cells(table)


def _of_cells(table: Table) -> Iterator[Mistake]:
    grades = [[label for label, _ in group.labels] for group in table.groups]
    by_name = dict(zip((group.name for group in table.groups), grades, strict=True))
    if table.grid is None:
        return
    rows, columns = (by_name.get(name, []) for name in table.grid.of)
    cells = [row + column for row in rows for column in columns]
    for name in table.grid.names:
        if cells and name not in cells:
            message = f"The grid has no cell {name!r}; it has {', '.join(cells)}."
            yield Mistake(table.grid.line, message, nearest(name, cells, "Name one of these."))


def _of_rule(rule: Rule, groups: list[str]) -> Iterator[tuple[str, str]]:
    given = rule.given()
    families = dict.fromkeys(_FAMILIES[name] for name in given if name in _FAMILIES)
    if len(families) > 1:
        names = " and ".join(name for name in given if name in _FAMILIES)
        yield f"has several criteria ({names}); expected one.", "Make a rule of each."
        return
    family = next(iter(families), None)
    for first, second in _ONE_WAY:
        if first in given and second in given:
            yield f"has {first} and {second}; expected one of the two.", "Remove one."
    if rule.group is not None and rule.group not in groups:
        yield (
            f"belongs to the group {rule.group!r}, which is not there; expected one of {groups}.",
            nearest(rule.group, groups, f"Write [group.{rule.group}]."),
        )
    if "ignore_case" in given and family not in _CASED:
        yield "has ignore_case, but compares no text.", "Remove it; a regular expression begins with (?i)."
    yield from _of_range(rule)
    yield from _of_events(rule, family)
    yield from _of_fading(rule, family)


def _of_several(rule: Rule) -> Iterator[tuple[str, str]]:
    """Look at the further criteria of a rule."""
    if rule.all and rule.any:
        yield "has all and any; expected one of the two.", "Make a rule of each."
    if rule.any and (rule.each or rule.half_life or rule.fades_over):
        yield "has any, but fades or gives points for each event.", "Make a rule of each criterion, or write all."
    for one in rule.asked[1:]:
        for message, hint in _of_rule(one, []):
            yield f"has a further criterion on {one.field!r}, which {message}", hint


def _of_range(rule: Rule) -> Iterator[tuple[str, str]]:
    given = rule.given()
    low = given.get("at_least", given.get("above"))
    high = given.get("at_most", given.get("below"))
    numbers = [isinstance(bound, (int, float)) for bound in (low, high) if bound is not None]
    if len(set(numbers)) > 1 or (numbers == [False, False] and type(low) is not type(high)):
        yield "is bounded by two values that do not compare; expected two alike.", "Change one of the two."
        return
    for least, most in ((low, high), (rule.days_since_at_least, rule.days_since_at_most), _times(rule)):
        if least is None or most is None:
            continue
        if least > most or (least == most and {"above", "below"} & given.keys()):
            yield f"wants {least} and more, and {most} and less: nothing satisfies it.", "Exchange the two bounds."


def _times(rule: Rule) -> tuple[int | None, int | None]:
    return rule.times_at_least, rule.times_at_most


def _of_events(rule: Rule, family: str | None) -> Iterator[tuple[str, str]]:
    if family == "events" and not rule.each and not any(name in rule.given() for name in _TIMES):
        yield (
            "does not say how events count.",
            "Write each = true for points for each event, or times_at_least = 3 for points once.",
        )
    if family == "events" and rule.since is not None:
        yield "has since, but its events have times of their own.", "Remove since."
    if rule.max_points is not None:
        if not rule.each:
            yield "has max_points without each = true.", "Remove max_points."
        elif (rule.max_points < 0) != (rule.points < 0):
            yield "has max_points of another sign than its points.", "Give both the same sign."
    if rule.each is False:
        yield "has each = false; expected true, or nothing.", "Remove it."


def _of_fading(rule: Rule, family: str | None) -> Iterator[tuple[str, str]]:
    fades = rule.half_life is not None or rule.fades_over is not None
    if fades and any(name in rule.given() for name in _TIMES):
        yield "fades, but counts events; expected each = true beside it.", "Remove the fading, or write each = true."
    if rule.since is not None and not fades:
        yield "has since, but does not fade.", "Write half_life = 30 beside it, or remove since."
    if rule.is_empty and fades and rule.since is None:
        yield "fades since a date that is not there.", "Name another date field with since."
    if family is None and not fades:
        yield "has no criterion.", 'Write for example equals = "DE", at_least = 500 or is_empty = true.'
