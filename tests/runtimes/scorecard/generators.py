"""Tables with rules of every kind, and records at their edges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from mlsm.runtimes.scorecard.edges import CLOCK, edges_of
from mlsm.runtimes.scorecard.plan import Plan
from mlsm.runtimes.scorecard.table import Declared, Grid, Group, Labels, Rule, Table

__all__ = ["records", "tables"]

TYPES = {"n": "float", "i": "int", "s": "str", "b": "bool", "d": "date", "m": "datetime", "v": "events"}
_WORDS = st.sampled_from(["a", "A", "ab", "ß", "SS", "Ä", "ä", "İ", "x y", "ΑΣ", "ας", "1"])
_NUMBERS = st.one_of(st.integers(-5, 5).map(float), st.sampled_from([0.1, 2.5, 1e16, -0.5]))
_POINTS = st.one_of(st.integers(-50, 50).map(float), st.sampled_from([0.1, 1 / 3, -7.7, 1e6]))
_BOUNDS = st.sampled_from(["at_least", "at_most", "above", "below"])
_DAYS = st.integers(0, 40)
_DATES = st.dates(date(2025, 11, 1), date(2026, 1, 5))
_FADES: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{}, {}, {"half_life": 10.0}, {"fades_over": 20.5}])


def _ordered(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    low, high = sorted(pair)
    return low, high


def _pairs(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    return st.tuples(values, values).map(_ordered)


def _ranges(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.builds(
            lambda name, bound: {name: bound}, st.sampled_from(["at_least", "at_most", "above", "below"]), values
        ),
        _pairs(values).map(lambda pair: {"between": pair}),
        _pairs(values).filter(lambda pair: pair[0] < pair[1]).map(lambda p: {"at_least": p[0], "below": p[1]}),
    )


def _among(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(values, min_size=1, max_size=3, unique=True).map(tuple)
    return st.one_of(
        values.map(lambda value: {"equals": value}),
        several.map(lambda found: {"one_of": found}),
        several.map(lambda found: {"none_of": found}),
    )


def _texts() -> st.SearchStrategy[dict[str, Any]]:
    words = st.lists(_WORDS, min_size=1, max_size=3, unique=True).map(tuple)
    names = st.sampled_from(["contains", "starts_with", "ends_with"])
    cased = st.one_of(_among(_WORDS), st.builds(lambda name, found: {name: found}, names, words))
    patterns = st.sampled_from(["^a", "(?i)ss$", r"\d", "ß|Ä", "."]).map(lambda pattern: {"matches": pattern})
    folded = st.sampled_from([{}, {"ignore_case": True}, {"ignore_case": False}])
    return st.one_of(patterns, st.builds(lambda one, two: one | two, cased, folded))


def _since() -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        _DAYS.map(lambda days: {"days_since_at_least": days}),
        _DAYS.map(lambda days: {"days_since_at_most": days}),
        _pairs(st.integers(-5, 40)).map(lambda pair: {"days_since_between": pair}),
    )


def _events() -> st.SearchStrategy[dict[str, Any]]:
    times = st.integers(0, 3)
    counted = st.one_of(
        times.map(lambda least: {"times_at_least": least}),
        times.map(lambda most: {"times_at_most": most}),
        _pairs(times).map(lambda pair: {"times_between": pair}),
    )
    each = st.builds(lambda fades: {"each": True, **fades}, _FADES)
    limited = st.sampled_from([{}, {"within_days": 10}, {"within_days": 30}])
    where = st.sampled_from([{}, {"where": {"k": ("x",)}}, {"where": {"k": ("x", "y"), "n": (1, 2.5)}}])
    return st.builds(lambda one, two, three: one | two | three, st.one_of(counted, each), limited, where)


def _criteria(name: str) -> st.SearchStrategy[dict[str, Any]]:
    empty = st.booleans().map(lambda flag: {"is_empty": flag})
    whole = st.integers(-5, 5)
    kinds: dict[str, st.SearchStrategy[dict[str, Any]]] = {
        "n": st.one_of(_ranges(_NUMBERS), _among(_NUMBERS), empty),
        "i": st.one_of(_ranges(_NUMBERS), _ranges(whole), _among(whole), empty),
        "s": st.one_of(_texts(), _texts(), empty),
        "b": st.one_of(_among(st.booleans()), empty),
        "d": st.one_of(_ranges(_DATES), _among(_DATES), _since(), empty),
        "m": st.one_of(_ranges(_DATES), _since(), empty),
        "v": st.one_of(_events(), _events(), empty),
    }
    return kinds[name]


@st.composite
def _rules(draw: st.DrawFn, groups: list[str], *, fading: bool) -> Rule:
    field = draw(st.sampled_from(list(TYPES)))
    given = draw(_criteria(field))
    points = draw(_POINTS)
    if given.get("each"):
        if not fading:
            given = {name: value for name, value in given.items() if name not in ("half_life", "fades_over")}
        if draw(st.booleans()):
            given["max_points"] = 3 * points
    elif fading and field != "v" and not given.get("is_empty"):
        fades = draw(_FADES)
        given |= fades
        if fades and field not in ("d", "m"):
            given["since"] = draw(st.sampled_from(["d", "m"]))
    group = draw(st.sampled_from([None, *groups]))
    rule = Rule(field=field, points=points, group=group, **given)
    beside = draw(st.sampled_from([None, None, "all", "any"]))
    if beside is None or (beside == "any" and (fading or given.get("each"))):
        return rule
    return msgspec.structs.replace(rule, **{beside: tuple(draw(st.lists(_further(), min_size=1, max_size=2)))})


@st.composite
def _further(draw: st.DrawFn) -> Rule:
    """Draw a further criterion; one on events counts them."""
    field = draw(st.sampled_from(list(TYPES)))
    return Rule(field=field, points=0.0, **draw(_criteria(field).filter(lambda given: not given.get("each"))))


def _labels(names: list[str]) -> st.SearchStrategy[Labels]:
    thresholds = st.lists(_POINTS, min_size=1, max_size=3, unique=True).map(lambda found: sorted(found, reverse=True))
    rest = st.booleans()
    return st.builds(
        lambda found, last: tuple(zip(names, [*found, *([None] if last else [])], strict=False)), thresholds, rest
    )


@st.composite
def tables(draw: st.DrawFn, *, fading: bool) -> Table:
    """Draw a table; its points fade only where that is asked for."""
    bounds: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
        [{}, {"cap": 40.0}, {"floor": -10.5, "cap": 60.0}, {"floor": 0.0}]
    )
    weights = st.sampled_from([1.0, 0.5, 1.5, 0.1, -1.0])
    count = draw(st.integers(0, 2))
    fades: st.SearchStrategy[dict[str, Any]] = _FADES if fading else st.just({})
    names = ["profile", "other thing"][:count]
    grades = [["A", "B", "C", "D"], ["1", "2", "3", "4"]]
    groups = [
        Group(name=name, weight=draw(weights), labels=draw(_labels(grade)), **draw(bounds), **draw(fades))
        for name, grade in zip(names, grades, strict=False)
    ]
    grid = (
        Grid(of=("profile", "other thing"), names={"A1": "call today"}) if count == 2 and draw(st.booleans()) else None
    )
    labels = () if grid or draw(st.booleans()) else draw(_labels(["hot", "warm", "mild", "cold"]))
    return Table(
        baseline=draw(_POINTS),
        ignore_case=draw(st.booleans()),
        fields=tuple(Declared(name=name, type=kind) for name, kind in TYPES.items()),
        labels=labels,
        groups=tuple(groups),
        grid=grid,
        rules=tuple(draw(st.lists(_rules(names, fading=fading), min_size=1, max_size=12))),
        **draw(bounds),
    )


def records(plan: Plan) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """Draw records at the edges of a table's rules, or anywhere."""
    any_event = st.fixed_dictionaries(
        {
            "date": st.none() | st.datetimes(datetime(2025, 11, 1), datetime(2026, 1, 3), timezones=st.just(UTC)),  # noqa: DTZ001
            "k": st.sampled_from([None, "x", "y", "z"]),
            "n": st.sampled_from([None, 1.0, 2.5, 3.0]),
        }
    )
    others: dict[str, st.SearchStrategy[Any]] = {
        "float": st.floats(allow_nan=False, allow_infinity=False),
        "int": st.integers(-(2**63), 2**63 - 1),
        "str": st.text(min_size=1, max_size=5) | _WORDS,
        "bool": st.booleans(),
        "date": st.dates(),
        "datetime": st.datetimes(timezones=st.just(UTC)) | _DAYS.map(lambda days: CLOCK - timedelta(days=days)),
        "events": st.lists(any_event, max_size=4),
    }
    values = []
    for name, declared in plan.declared.items():
        single = [one for term in plan.terms for one in term.single]
        terms = [term for term in single if term.field == name or (term.fading and term.fading.field == name)]
        edges = edges_of(declared.type, terms, nullable=True)
        if declared.type == "events":
            empty = {"date": None, "k": None, "n": None}
            edges = [found and [empty | event for event in found] for found in edges]
        values.append(st.sampled_from(edges) | others[declared.type])
    return st.lists(st.tuples(*values), min_size=1, max_size=30)
