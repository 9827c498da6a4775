"""A points table is described, loaded, and scores as it says."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import mlsm
from mlsm import DeclarationError
from mlsm._fields.dtypes import dtype_of
from mlsm._model import ArtefactModel
from mlsm.contracts import ROW_ID, Facets
from mlsm.errors import InputError
from mlsm.runtimes import scorecard
from mlsm.runtimes.scorecard.function import record_function
from mlsm.runtimes.scorecard.plan import plan_of
from mlsm.runtimes.scorecard.predictor import ScorecardPredictor
from mlsm.runtimes.scorecard.reading import read_table

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)

LEADS = """\
# What a lead is worth.
baseline = 10
cap = 100
floor = 0

[group.profile]
cap = 50
labels = { A = 40, B = 20, C = "rest" }

[group.engagement]
weight = 2
labels = { 1 = 30, 2 = 10, 3 = "rest" }

[grid]
of = ["profile", "engagement"]
names = { A1 = "call today" }

[[rule]]
field = "employees"
at_least = 500
points = 30
group = "profile"
text = "500 employees and more"

[[rule]]
field = "title"
contains = ["chief", "vp"]
ignore_case = true
points = 25
group = "profile"

[[rule]]
field = "email"
matches = '@(gmail|yahoo)\\.'
points = -15

[[rule]]
field = "last_visit"
points = 20
half_life = 10
group = "engagement"

[[rule]]
field = "visits"
each = true
within_days = 30
where = { kind = "webinar" }
points = 2
max_points = 5
group = "engagement"
"""


def load(tmp_path: Path, text: str, **options: Any) -> Any:
    path = tmp_path / "points.toml"
    path.write_text(text)
    described = scorecard.describe(path, options)
    assert described.fields is not None
    model = ArtefactModel("points", described.fields, "1", kind="scorecard", path=path, options=options)
    return scorecard.load(model)


def scored(rules: str, *values: Any) -> Any:
    """Score one record by a table."""
    plan, fields = plan_of(read_table(rules))
    return record_function(plan, fields.names)(*values, *((NOW,) if plan.wants_as_of else ()))


def test_a_table_tells_what_it_is(tmp_path: Path) -> None:
    """Fields, range, labels best first, the need of a clock: all of it comes from the table."""
    path = tmp_path / "points.toml"
    path.write_text(LEADS)
    told = scorecard.describe(path, {})
    assert told.fields is not None
    kinds = [(field.name, field.kind.name, field.nullable) for field in told.fields]
    assert [
        ("employees", "float", True),
        ("title", "str", True),
        ("email", "str", True),
        ("last_visit", "datetime", True),
        ("visits", "list", True),
    ] == kinds
    assert (0.0, 100.0) == told.range
    assert ("call today", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3") == told.labels
    assert told.wants_as_of
    assert () == told.notes


def test_a_record_is_scored_as_the_table_says(tmp_path: Path) -> None:
    """Points, a group's cap and weight, fading, events, the grid."""
    predictor = load(tmp_path, LEADS)
    visited = datetime(2026, 1, 21, 12, tzinfo=UTC)
    webinar = {"date": datetime(2026, 1, 30, tzinfo=UTC), "kind": "webinar"}
    others = [
        {"date": datetime(2025, 12, 1, tzinfo=UTC), "kind": "webinar"},
        {"date": datetime(2026, 2, 1, tzinfo=UTC), "kind": "webinar"},
        {"date": None, "kind": "webinar"},
        {"date": datetime(2026, 1, 30, tzinfo=UTC), "kind": "call"},
    ]
    answer = predictor.record(500.0, "VP of Sales", "ann@gmail.com", visited, [webinar, webinar, *others], NOW)
    assert {"score": 10 + 50 - 15 + 2 * 10 + 2 * 4, "label": "A2", "profile": "A", "engagement": "2"} == answer
    many = predictor.record(None, "CHIEF", None, NOW, [webinar] * 9, NOW)
    assert {"score": 10 + 25 + 2 * 20 + 2 * 5, "label": "B1", "profile": "B", "engagement": "1"} == many
    assert {"score": 10.0, "label": "C3", "profile": "C", "engagement": "3"} == predictor.record(*[None] * 5, NOW)


def test_reasons_are_the_points(tmp_path: Path) -> None:
    """Each rule has a column, each bound too, and all of them add up to the score."""
    predictor = load(tmp_path, LEADS)
    frame = pl.DataFrame(
        {"employees": [500.0], "title": ["vp"], "email": ["x@yahoo.de"], "last_visit": [NOW], "visits": [None]},
        schema={
            "employees": pl.Float64,
            "title": pl.String,
            "email": pl.String,
            "last_visit": pl.Datetime("us", "UTC"),
            "visits": pl.List(pl.Struct({"date": pl.Datetime("us", "UTC"), "kind": pl.String})),
        },
    )
    reasoned = predictor.explain(frame, NOW)
    told = list(zip(reasoned.fields, reasoned.texts, reasoned.contributions[0].tolist(), strict=True))
    assert [
        ("email", r"email matches @(gmail|yahoo)\.", -15.0),
        ("employees", "500 employees and more", 30.0),
        ("title", "title contains chief or vp", 25.0),
        ("profile", "profile is 50 at most", -5.0),
        ("last_visit", "last_visit lies in the past", 40.0),
        ("visits", "each of visits with kind webinar within 30 days", 0.0),
        ("score", "score is 100 at most and 0 at least", 0.0),
    ] == told
    assert 10.0 == reasoned.baseline
    assert predictor.columns(frame, NOW).frame["score"].to_list() == [reasoned.baseline + reasoned.contributions.sum()]


CRITERIA: list[tuple[str, list[Any], list[Any]]] = [
    ('equals = "DE"', ["DE"], ["de", "AT", None]),
    ('equals = "DE"\nignore_case = true', ["DE", "de"], ["AT", None]),
    ("equals = 3", [3.0], [3.5, None]),
    ("equals = true", [True], [False, None]),
    ("equals = 2026-01-01", [date(2026, 1, 1)], [date(2026, 1, 2), None]),
    ('one_of = ["a", "b"]', ["a", "b"], ["c", None]),
    ('none_of = ["a", "b"]', ["c"], ["a", "b", None]),
    ('contains = "x"', ["axb", "x"], ["X", "ab", None]),
    ('starts_with = ["vp", "head"]', ["vp sales", "head of"], ["the vp", None]),
    ('ends_with = ".edu"', ["mit.edu"], ["edu", None]),
    ("matches = '^c.o$'", ["ceo", "cto"], ["ceos", None]),
    ("at_least = 5", [5.0, 6.0], [4.9, None]),
    ("above = 5", [5.1], [5.0, None]),
    ("at_most = 5", [5.0], [5.1, None]),
    ("at_least = 5\nbelow = 10", [5.0, 9.9], [10.0, 4.0, None]),
    ("between = [5, 10]", [5.0, 10.0], [4.9, 10.1, None]),
    ("is_empty = true", [None], ["x"]),
    ("is_empty = false", ["x"], [None]),
    (
        "between = [2026-01-01, 2026-01-31]",
        [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, 23, 59, tzinfo=UTC)],
        [datetime(2026, 2, 1, tzinfo=UTC), datetime(2025, 12, 31, 23, tzinfo=UTC), None],
    ),
    (
        "days_since_at_most = 7",
        [NOW, datetime(2026, 1, 23, 12, 0, 1, tzinfo=UTC)],
        [datetime(2026, 1, 23, 12, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), None],
    ),
    ("days_since_at_least = 8", [datetime(2026, 1, 23, 12, tzinfo=UTC)], [NOW, None]),
    ("days_since_between = [-5, -1]", [datetime(2026, 2, 2, tzinfo=UTC)], [NOW, None]),
]


@pytest.mark.parametrize(("criterion", "met", "missed"), CRITERIA, ids=[one[0].splitlines()[0] for one in CRITERIA])
def test_criteria(criterion: str, met: list[Any], missed: list[Any]) -> None:
    """Each criterion is met by some values, and by no missing one; in columns too."""
    text = f'[[rule]]\nfield = "x"\n{criterion}\npoints = 7'
    assert [7.0] * len(met) + [0.0] * len(missed) == [scored(text, value) for value in met + missed]
    plan, fields = plan_of(read_table(text))
    frame = pl.DataFrame([pl.Series("x", met + missed, dtype_of(fields[0].kind))])
    answered = ScorecardPredictor(plan=plan, record=record_function(plan, ["x"])).columns(frame, NOW)
    assert [7.0] * len(met) + [0.0] * len(missed) == answered.frame["score"].to_list()


def test_whole_numbers_are_compared_exactly() -> None:
    """Beyond 2**53 an int field is not rounded to a float, in neither form."""
    text = '[fields]\nx = "int"\n[[rule]]\nfield = "x"\nat_least = 9007199254740992\npoints = 1'
    plan, fields = plan_of(read_table(text.replace("at_least", "above")))
    values = [2**53, 2**53 + 1]
    record = record_function(plan, fields.names)
    predictor = ScorecardPredictor(plan=plan, record=record)
    expected = [0.0, 1.0]
    assert expected == [record(value) for value in values]
    assert expected == predictor.columns(pl.DataFrame({"x": values}), None).frame["score"].to_list()


def test_points_fade_by_half_or_evenly() -> None:
    """Half a life ago half is left; half the span ago half is left; what lies ahead gives nothing."""
    half = '[[rule]]\nfield = "x"\npoints = 8\nhalf_life = 4'
    even = '[[rule]]\nfield = "x"\npoints = 8\nfades_over = 4'
    days = [datetime(2026, 1, day, 12, tzinfo=UTC) for day in (31, 29, 27, 23)] + [datetime(2026, 2, 1, tzinfo=UTC)]
    assert pytest.approx([8.0, 8 * 0.5**0.5, 4.0, 2.0, 0.0]) == [scored(half, day) for day in days]
    assert [8.0, 4.0, 0.0, 0.0, 0.0] == [scored(even, day) for day in days]


def test_points_fade_since_another_date() -> None:
    """A rule on one field fades with the date in another, which must be there."""
    text = '[[rule]]\nfield = "pages"\nat_least = 3\npoints = 8\nfades_over = 4\nsince = "seen"'
    assert 4.0 == scored(text, 3.0, datetime(2026, 1, 29, 12, tzinfo=UTC))
    assert 0.0 == scored(text, 3.0, None)
    assert 0.0 == scored(text, 2.0, NOW)


def test_a_groups_fading_holds_for_its_dates() -> None:
    """Rules with a date fade with their group; rules without one do not."""
    text = "[group.g]\nfades_over = 4\n" + "".join(
        f'[[rule]]\nfield = "{field}"\n{criterion}\npoints = 8\ngroup = "g"\n'
        for field, criterion in (("seen", "days_since_at_most = 9"), ("pages", "at_least = 3"))
    )
    assert 12.0 == scored(text, datetime(2026, 1, 29, 12, tzinfo=UTC), 3.0)


def test_events_are_counted_within_a_window() -> None:
    """A missing list is a list without events."""
    text = '[[rule]]\nfield = "visits"\ntimes_at_most = 0\nwithin_days = 10\npoints = -4'
    recent, old = {"date": NOW}, {"date": datetime(2026, 1, 1, tzinfo=UTC)}
    assert [-4.0, -4.0, -4.0, 0.0] == [scored(text, events) for events in (None, [], [old], [old, recent])]


def test_scale_makes_shares_of_points(tmp_path: Path) -> None:
    """The score is multiplied after its bounds; labels stay with the points, reasons with the factor."""
    text = 'cap = 100\n[labels]\nhot = 50\ncold = "rest"\n[[rule]]\nfield = "x"\nequals = 1\npoints = 80'
    predictor = load(tmp_path, text, scale=0.01)
    assert {"score": 80.0 * 0.01, "label": "hot"} == predictor.record(1.0)
    assert 0.01 == predictor.explain(pl.DataFrame({"x": [1.0]}), None).factor
    assert (0.0, 80.0 * 0.01) == scorecard.describe(tmp_path / "points.toml", {"scale": 0.01}).range


def test_a_probability_is_refused(tmp_path: Path) -> None:
    """A scorecard has no classes."""
    with pytest.raises(DeclarationError, match="no class and no probability"):
        load(tmp_path, LEADS, output="probability")


def test_an_absent_file_is_an_input_error(tmp_path: Path) -> None:
    """A table that is not there is told with its path."""
    with pytest.raises(InputError, match=r"points\.toml"):
        scorecard.describe(tmp_path / "points.toml", {})


def test_empty_frames_are_scored(tmp_path: Path) -> None:
    """No rows in, no rows out, with columns and reasons."""
    predictor = load(tmp_path, '[[rule]]\nfield = "x"\nmatches = "a"\npoints = 1\n')
    empty = pl.DataFrame({"x": [], ROW_ID: []}, schema={"x": pl.String, ROW_ID: pl.String})
    assert isinstance(predictor.columns(empty, None), Facets)
    assert (0, 1) == (
        predictor.columns(empty, None).frame.height,
        predictor.explain(empty, None).contributions.shape[1],
    )


def test_a_thousand_rules_are_no_trouble(tmp_path: Path) -> None:
    """Long tables are added up in rounds, in the same order as for a record."""
    rule = '[[rule]]\nfield = "x"\nequals = {}\npoints = 0.1\n[[rule]]\nfield = "y"\nabove = {}\npoints = 0.3\n'
    rules = "".join(rule.format(n, n) for n in range(500))
    predictor = load(tmp_path, "baseline = 0.7\n" + rules)
    rows = [(float(n), n * 1.5) for n in range(0, 500, 7)]
    frame = pl.DataFrame(rows, schema={"x": pl.Float64, "y": pl.Float64}, orient="row")
    assert [predictor.record(*row) for row in rows] == predictor.columns(frame, None).frame["score"].to_list()


def test_one_frame_after_another_is_scored_by_what_it_holds(tmp_path: Path) -> None:
    """What is written of a table for one frame serves the next only where neither texts nor clock have a say."""
    rules = (
        "[[rule]]\nfield = \"mail\"\nmatches = '@a'\npoints = 1\n"
        '[[rule]]\nfield = "name"\nequals = "ö"\nignore_case = true\npoints = 2\n'
        '[[rule]]\nfield = "seen"\ndays_since_at_most = 7\npoints = 4\n'
    )
    predictor = load(tmp_path, rules)
    schema = pl.Schema({"mail": pl.String(), "name": pl.String(), "seen": pl.Datetime("us", "UTC")})
    for row, clock in [
        (("x@b", "o", NOW), NOW),
        (("x@a", "Ö", NOW), NOW),
        (("y@a", "ö", NOW), NOW + timedelta(days=9)),
    ]:
        frame = pl.DataFrame([row], schema=schema, orient="row")
        expected = predictor.record(*row, clock)
        assert [expected] == predictor.columns(frame, clock).frame["score"].to_list()
        assert [expected] == predictor.explain(frame, clock).contributions.sum(axis=1).tolist()


def test_whole_texts_and_odd_words_are_quoted_well() -> None:
    """Quotes, backslashes, braces and newlines in words and names reach neither form's syntax."""
    odd = "'\"\\{}\n#"
    text = f'[[rule]]\nfield = "a.b c"\nequals = {odd!r}\npoints = 1'.replace(repr(odd), '"\'\\"\\\\{}\\n#"')
    assert [1.0, 0.0] == [scored(text, odd), scored(text, "x")]


def test_records_need_no_data_frame(tmp_path: Path) -> None:
    """Describing, loading and scoring one record loads neither polars nor numpy."""
    path = tmp_path / "points.toml"
    path.write_text(LEADS)
    code = f"""
import sys
from datetime import UTC, datetime
from pathlib import Path
from mlsm._model import ArtefactModel
from mlsm.runtimes import scorecard
path = Path({str(path)!r})
fields = scorecard.describe(path, {{}}).fields
predictor = scorecard.load(ArtefactModel("points", fields, "1", kind="scorecard", path=path))
predictor.record(*[None] * 5, datetime(2026, 1, 1, tzinfo=UTC))
print(sorted({{"polars", "numpy"}} & set(sys.modules)))
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "[]\n" == shown


def test_a_scorecard_is_a_model_like_any_other(tmp_path: Path) -> None:
    """Loaded by mlsm, it scores one and many, with its reasons."""
    path = tmp_path / "points.toml"
    path.write_text(LEADS)
    model = mlsm.load(path, kind="scorecard", name="points", version="1", status="active")
    leads = [
        {"id": 1, "employees": "700", "title": "VP Sales", "visits": [{"date": "2026-01-30", "kind": "webinar"}]},
        {"id": 2, "employees": "many"},
    ]
    (one,) = mlsm.score_one([model], leads[0], as_of=NOW, reasons=3)
    assert (64.0, "A3", {"profile": "A", "engagement": "3"}) == (one.score, one.label, one.output)
    assert one.reasons is not None
    assert [("employees", 30.0), ("title", 25.0)] == [(r.field, r.contribution) for r in one.reasons.items[:2]]
    total = one.reasons.baseline + one.reasons.other + sum(item.contribution for item in one.reasons.items)
    assert np.isclose(64.0, total, atol=1e-9)
    many = mlsm.score([model], leads, as_of=NOW)
    assert [(64.0, "A3"), (None, None)] == [(r.score, r.label) for r in many]


SEVERAL = """\
[[rule]]
field = "country"
equals = "DE"
all = [{ field = "employees", at_least = 500 }, { field = "title", contains = "chief", ignore_case = true }]
points = 20

[[rule]]
any = [{ field = "country", equals = "FR" }, { field = "employees", below = 10 }, { field = "phone", is_empty = true }]
points = 3

[[rule]]
field = "visits"
each = true
all = [{ field = "country", none_of = ["US"] }]
points = 1

[fields]
phone = "text"
"""


def test_a_rule_may_ask_several_fields() -> None:
    """With `all` every criterion must hold, with `any` one is enough; a missing value meets none but is_empty."""
    plan, fields = plan_of(read_table(SEVERAL))
    record = record_function(plan, fields.names)
    assert ("country", "employees", "title", "phone", "visits") == fields.names
    visits = [{"date": NOW}, {"date": NOW}]
    rows: list[tuple[Any, ...]] = [
        ("DE", 500.0, "Chief Buyer", "1", visits),
        ("DE", None, "Chief Buyer", "1", None),
        ("FR", 500.0, None, "1", []),
        (None, 9.0, "chief", "1", visits),
        ("US", None, None, None, visits),
    ]
    scores = [record(*row, NOW) for row in rows]
    assert [22.0, 0.0, 3.0, 3.0, 3.0] == scores
    predictor = ScorecardPredictor(plan=plan, record=record)
    schema = {field.name: dtype_of(field.kind) for field in fields}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    told = predictor.columns(frame, NOW)
    assert scores == told.frame.get_column("score").to_list()
    reasons = predictor.explain(frame, NOW)
    assert scores == (reasons.contributions.sum(axis=1) + reasons.baseline).tolist()
    assert reasons.texts is not None
    assert "country is DE and employees is at least 500 and title contains chief" == reasons.texts[0]
    assert "country is FR or employees is below 10 or phone is empty" == reasons.texts[1]


COUNTED = """\
[fields]
visits = { type = "events", date = "at" }

[[rule]]
field = "country"
equals = "DE"
all = [{ field = "visits", times_at_least = 2, within_days = 30, where = { page = ["price", "demo"] } }]
points = 20

[[rule]]
any = [{ field = "visits", times_at_most = 0 }, { field = "employees", at_least = 500 }]
points = 3
"""


def test_a_further_criterion_may_count_events() -> None:
    """Events within a window count beside other fields, and as one of several; a missing list has none."""
    plan, fields = plan_of(read_table(COUNTED))
    record = record_function(plan, fields.names)
    new, old = ({"at": NOW - timedelta(days=days), "page": "price"} for days in (1, 31))
    rows: list[tuple[Any, ...]] = [
        ("DE", [new, {**new, "page": "demo"}], None),
        ("DE", [new, old, {**new, "page": "blog"}, {"at": None, "page": "price"}], 500.0),
        ("FR", [new, new], 1.0),
        (None, None, None),
    ]
    assert ("country", "visits", "employees") == fields.names
    scores = [record(*row, NOW) for row in rows]
    assert [20.0, 3.0, 0.0, 3.0] == scores
    predictor = ScorecardPredictor(plan=plan, record=record)
    frame = pl.DataFrame(rows, schema={field.name: dtype_of(field.kind) for field in fields}, orient="row")
    assert scores == predictor.columns(frame, NOW).frame.get_column("score").to_list()
    text = "country is DE and at least 2 times visits with page price or demo within 30 days"
    assert text == (predictor.explain(frame, NOW).texts or ("",))[0]


@pytest.mark.parametrize("table", [SEVERAL, COUNTED], ids=["several", "counted"])
def test_several_criteria_go_to_a_spreadsheet_and_back(table: str) -> None:
    """They stand in a column of their own, and say the same afterwards."""
    from mlsm.runtimes.scorecard.csv import rules_to_csv, table_from_csv

    first = rules_to_csv(read_table(table))
    assert first == rules_to_csv(read_table(table_from_csv(first)))
    assert "all" in first.partition("\n")[0]


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ('all = [{ field = "x", at_lest = 1 }]', "'at_lest' is none of field, equals"),
        ('all = [{ field = "x" }]', "asks nothing of it"),
        ('all = [{ field = "x", at_least = "much" }]', "at_least = 'much' is not a number or a date"),
        ('all = [{ field = "x", at_least = 2, below = 1 }]', "has a further criterion on 'x', which wants 2 and more"),
        ('all = [{ field = "x", equals = 1, at_least = 1 }]', "which has several criteria (equals and at_least)"),
        ('all = [{ field = "x", at_least = 1 }]\nany = [{ field = "x", at_least = 1 }]', "has all and any"),
        ('any = [{ field = "x", at_least = 1 }]\nhalf_life = 3\nsince = "d"', "has any, but fades"),
        ('all = [{ field = "v", each = true }]', "'each' is none of field, equals"),
        ('all = [{ field = "v", within_days = 3 }]', "does not say how events count"),
        ('all = [{ field = "a", times_at_least = 3 }]', "asks it as events"),
        ('all = [{ field = "a", contains = "x" }]', "asks it as str"),
    ],
)
def test_mistakes_in_further_criteria_are_told_at_their_rule(beside: str, said: str) -> None:
    """What is wrong is told with the line and the way out, like everything else."""
    with pytest.raises(DeclarationError) as caught:
        plan_of(read_table(f'[[rule]]\nfield = "a"\nequals = 1\npoints = 5\n{beside}\n'))
    problem = caught.value.problems[0]
    assert said in problem
    assert "Hint:" in problem
