"""A table made ready: every name resolved, weights folded in, in the order of addition."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlsm._fields import Fields
from mlsm.runtimes.scorecard.criteria import Elapsed, Empty, Events, Past, Test, UnsuitedError, test_of
from mlsm.runtimes.scorecard.fields import declared_of, fields_of, unfit_fields
from mlsm.runtimes.scorecard.mistakes import Mistake, refusal
from mlsm.runtimes.scorecard.table import Declared, Group, Labels, Rule, Table
from mlsm.runtimes.scorecard.wording import text_of

__all__ = ["Ask", "Cells", "Fading", "Part", "Plan", "Term", "plan_of"]


class Fading(msgspec.Struct, frozen=True, kw_only=True):
    """How points fade with the age of a date.

    Args:
        days: after which half is left, or, if `linear`, nothing.
        linear: whether as much is lost every day.
        field: the date; that of each event where the rule counts events.
        type: `date` (whole days) or `datetime`.
    """

    days: float
    linear: bool
    field: str
    type: str


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A further criterion of a rule: the field that is asked, its type, what is asked, and the member with the time."""

    field: str
    type: str
    test: Test
    date: str = "date"


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule may add to the sum.

    Args:
        field: the field that is asked.
        type: its type.
        test: what is asked.
        points: what it gives, weight included.
        limit: what it gives at most (or at least, if below zero), weight included.
        fading: how the points fade.
        date: of events, the member with the time.
        text: what to say of it.
        line: where it stands.
        on_top: whether it may count beside others that overlap.
        beside: further criteria.
        either: whether one of all criteria is enough; otherwise all must hold.
    """

    field: str
    type: str
    test: Test
    points: float
    limit: float | None = None
    fading: Fading | None = None
    date: str = "date"
    text: str
    line: int
    on_top: bool = False
    beside: tuple[Ask, ...] = ()
    either: bool = False

    @property
    def asks(self) -> tuple[Ask, ...]:
        """Give its criteria, its own first."""
        return (Ask(field=self.field, type=self.type, test=self.test, date=self.date), *self.beside)

    @property
    def single(self) -> tuple[Term, ...]:
        """Give a term for each of its criteria, as if it were alone."""
        if not self.beside:
            return (self,)
        alone = msgspec.structs.replace(self, beside=(), either=False)
        others = (
            msgspec.structs.replace(alone, field=one.field, type=one.type, test=one.test, date=one.date, fading=None)
            for one in self.beside
        )
        return (alone, *others)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Terms that are added up for themselves, bounded, then added to the score.

    The first part of a plan has no name: rules without a group, on top of the baseline.
    """

    name: str | None
    terms: tuple[Term, ...]
    floor: float | None = None
    cap: float | None = None
    labels: Labels = ()


class Cells(msgspec.Struct, frozen=True, kw_only=True):
    """The grid: the two groups' places among the parts, and a label for each pair of grades."""

    rows: int
    columns: int
    labels: tuple[tuple[str, ...], ...]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that a score depends on.

    Args:
        baseline: what the sum starts from.
        parts: ungrouped terms, then the groups.
        floor, cap: bounds of the sum.
        labels: thresholds of the score.
        cells: the grid, where there is one.
        declared: the types of the fields, in their order.
        wants_as_of: whether the clock counts.
        factor: what the bounded sum is multiplied with.
    """

    baseline: float
    parts: tuple[Part, ...]
    floor: float | None
    cap: float | None
    labels: Labels
    cells: Cells | None
    declared: dict[str, Declared]
    wants_as_of: bool
    factor: float = 1.0

    @property
    def graded(self) -> tuple[int, ...]:
        """Give the places of the parts with grades of their own, by name."""
        places = [place for place, part in enumerate(self.parts) if part.labels and part.name]
        return tuple(sorted(places, key=lambda place: self.parts[place].name or ""))

    @property
    def terms(self) -> tuple[Term, ...]:
        """Give all terms, in the order of the contributions."""
        return tuple(term for part in self.parts for term in part.terms)


def plan_of(table: Table, given: Fields | None = None, factor: float = 1.0) -> tuple[Plan, Fields]:
    """Make a table ready.

    Args:
        table: what was read.
        given: fields that are declared outside of the table.
        factor: what the score is multiplied with.

    Raises:
        DeclarationError: rules do not suit the types of their fields; with every line.
    """
    mistakes: list[Mistake] = []
    declared = declared_of(table, given, mistakes)
    mistakes += [] if given is None else unfit_fields(table, given, declared)
    groups = {group.name: group for group in table.groups}
    terms: dict[str | None, list[Term]] = {name: [] for name in (None, *groups)}
    for rule in table.rules:
        if all(one.field in declared for one in rule.asked):
            group = None if rule.group is None else groups[rule.group]
            try:
                terms[rule.group].append(_term(rule, group, declared, table.ignore_case))
            except UnsuitedError as error:
                hint = f"Change the rule, or declare {rule.field} under [fields]."
                mistakes.append(Mistake(rule.line, f"The rule on {rule.field!r} {error}", hint))
    if mistakes:
        raise refusal(table.source, mistakes)
    parts = [Part(name=None, terms=tuple(terms[None]))]
    for name, group in groups.items():
        bounds = {"floor": group.floor, "cap": group.cap, "labels": group.labels}
        parts.append(Part(name=name, terms=tuple(terms[name]), **bounds))  # type: ignore[arg-type]  # each its own
    plan = Plan(
        baseline=table.baseline,
        parts=tuple(parts),
        floor=table.floor,
        cap=table.cap,
        labels=table.labels,
        cells=_cells(table, parts),
        declared=declared,
        wants_as_of=any(_asks_clock(term) for part in parts for term in part.terms),
        factor=factor,
    )
    return plan, fields_of(table, declared) if given is None else given


def _asks_clock(term: Term) -> bool:
    return term.fading is not None or any(isinstance(one.test, (Elapsed, Events, Past)) for one in term.asks)


def _term(rule: Rule, group: Group | None, declared: Mapping[str, Declared], ignore_case: bool) -> Term:
    field = declared[rule.field]
    test = test_of(rule, field.type, ignore_case=ignore_case)
    weight = 1.0 if group is None else group.weight
    fading = _fading(rule, group, test, declared)
    if rule.any and fading is not None:
        raise UnsuitedError("has any, but its group fades; expected criteria all of which hold.")
    beside = tuple(_beside(one, declared, ignore_case) for one in rule.asked[1:])
    texts = [text_of(rule.field, test), *(text_of(one.field, one.test) for one in beside)]
    return Term(
        field=rule.field,
        type=field.type,
        test=test,
        points=rule.points * weight + 0.0,
        limit=None if rule.max_points is None else rule.max_points * weight + 0.0,
        fading=fading,
        date=field.date,
        text=rule.text or (" or " if rule.any else " and ").join(texts),
        line=rule.line,
        on_top=bool(rule.on_top),
        beside=beside,
        either=bool(rule.any),
    )


def _beside(rule: Rule, declared: Mapping[str, Declared], ignore_case: bool) -> Ask:
    field = declared[rule.field]
    try:
        test = test_of(rule, field.type, ignore_case=ignore_case)
    except UnsuitedError as error:
        raise UnsuitedError(f"has a further criterion on {rule.field!r}, which {error}") from error
    return Ask(field=rule.field, type=field.type, test=test, date=field.date)


def _fading(rule: Rule, group: Group | None, test: Test, declared: Mapping[str, Declared]) -> Fading | None:
    source: Rule | Group | None = rule
    if rule.half_life is None and rule.fades_over is None:
        source = group  # the group's fading holds for rules that have a date of one event
        if isinstance(test, Empty) or (isinstance(test, Events) and not test.each):
            return None
    if source is None or (source.half_life is None and source.fades_over is None):
        return None
    name = rule.since or rule.field
    kind = declared[name].type
    if kind not in ("date", "datetime", "events"):
        if source is group:
            return None
        raise UnsuitedError(f"fades since {name!r}, which is {kind}; expected a date. Name one with since.")
    if kind == "events" and (rule.since is not None or not isinstance(test, Events)):
        raise UnsuitedError(f"fades since {name!r}, which is a list of events; expected a date.")
    days = source.half_life if source.half_life is not None else source.fades_over
    return Fading(
        days=days or 0.0,
        linear=source.half_life is None,
        field=name,
        type="datetime" if kind == "events" else kind,
    )


def _cells(table: Table, parts: list[Part]) -> Cells | None:
    grid = table.grid
    if grid is None:
        return None
    rows, columns = (next(i for i, part in enumerate(parts) if part.name == name) for name in grid.of)
    labels = tuple(
        tuple(grid.names.get(row + column, row + column) for column, _ in parts[columns].labels)
        for row, _ in parts[rows].labels
    )
    return Cells(rows=rows, columns=columns, labels=labels)
