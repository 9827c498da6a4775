"""Golden records: a model must give the results that stand in a file beside it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from mlsm.checks.golden_file import Golden, golden_text, read_golden_text
from mlsm.service.golden_files import find_golden


def test_records_that_are_met_are_no_finding(sources: Any) -> None:
    """Only what stands in `expect` is compared; numbers within the tolerance are the same."""
    sources.golden(
        "fit.golden.ndjson",
        {"golden": 1, "model": "fit", "version": "1.2.0"},
        {"record": {"employees": "250"}, "expect": {"score": 25.0 + 1e-10, "label": "B"}},
        {"record": {"employees": 900}, "expect": {"outcome": "ok", "output": {"size": [90, 1]}}},
        {"record": {"employees": 900}, "expect": {"score": 90.4}, "tolerance": 0.01},
        {"record": {"employees": "many"}, "expect": {"outcome": "invalid"}},
    )

    assert [] == sources.whats("fit@1.2.0")


def test_every_difference_is_told(sources: Any) -> None:
    """A record that is not met is told with its line, the score's difference and its note."""
    sources.golden(
        "fit.golden.ndjson",
        {"golden": 1, "version": "1.2.0", "tolerance": 1e-6},
        {"record": {"employees": 250}, "expect": {"score": 25.5, "label": None, "output": {"size": [1, 1], "x": 1}}},
        {"record": {"employees": 250}, "expect": {"score": None}, "note": "A lead of ours."},
        {"record": {"employees": "many"}, "expect": {"score": 3}},
        {"record": {"employees": 250}, "expect": {"outcome": "abstained"}},
    )
    found = sources.check("fit")
    first = "fit.golden.ndjson:2: score 25.0, expected 25.5 (-0.5, tolerance 1e-06); label 'B', expected None"

    assert [
        f"{first}; output 'size' [25.0, 1], expected [1, 1]; output 'x' missing, expected 1.",
        "fit.golden.ndjson:3: score 25.0, expected None. It is there for this: A lead of ours.",
        "fit.golden.ndjson:5: outcome ok, expected abstained.",
    ] == [found[place].what for place in (0, 1, 3)]
    assert re.match(r"fit.golden.ndjson:4: outcome invalid, .*, expected ok\.", found[2].what)
    assert {"employees": 250} == found[0].record


def test_records_of_another_version_are_not_applied(sources: Any) -> None:
    """A line is for its version, the header's, or every one; the others are told of."""
    sources.golden(
        "fit.golden.ndjson",
        {"golden": 1, "version": "1.2.0"},
        {"record": {"employees": 80}, "expect": {"score": 8.0}},
        {"version": "2.0.0", "record": {"employees": 80}, "expect": {"score": 10.0}},
        {"version": "3", "record": {"employees": 80}, "expect": {"score": 0.0}},
    )
    found = find_golden(sources.catalog, sources.catalog["fit@2.0.0"], sources.folder)

    assert [] == sources.whats()
    assert (["fit.golden.ndjson:3"], ["1.2.0", "3"]) == (
        [golden.place for golden in found.records],
        [golden.version for golden in found.others],
    )
    sources.golden("fit.golden.ndjson", {"record": {"employees": 80}, "expect": {"score": 8.0}})
    assert ["fit@2.0.0"] == [finding.model for finding in sources.check()]


def test_every_mistake_is_told_with_its_line() -> None:
    """Damaged lines do not hide one another, nor the lines that are well."""
    text = """\
{"golden": 2, "tolerance": -1, "versoin": "1"}
{"record": {"x": 1}, "expect": {"scor": 1, "label": 3}}

{"record": {"x": 1}
[1]
{"record": 3, "expect": {"outcome": "invalid", "score": 3}, "as_of": "soon"}
{"expect": {}, "given": {"a": {"outcome": "timeout"}, "b": {"outcome": "ok"}, "c": "{}"}}
{"golden": 1}
{"record": {"x": 1}, "expect": {"score": NaN, "reasons": {"items": [{"field": 1}]}}}
{"record": {"x": 1}, "expect": {"score": 1}}
"""
    read = read_golden_text(text, "f")

    assert [
        "f:1: the line holds the unknown key 'versoin'; expected golden, model, version, as_of or tolerance.",
        "f:1: 'golden' is 2; expected 1, the form that this program reads.",
        "f:1: 'tolerance' is -1; expected a number from 0.",
        "f:2: 'expect' holds the unknown key 'scor'; expected outcome, score, label, output or reasons.",
        "f:2: 'expect.label' is 3; expected text or null.",
        "f:4: the line is no JSON: Expecting ',' delimiter: line 1 column 20 (char 19).",
        "f:5: the line is no JSON object; expected a record and its result.",
        "f:6: 'as_of' is \"soon\"; expected a time in ISO form, such as 2026-11-22T00:00:00Z.",
        "f:6: 'record' is 3; expected an object.",
        "f:6: 'expect' is invalid and has score; expected these of an ok result only.",
        "f:7: the line lacks 'record'.",
        "f:7: 'given.a.outcome' is \"timeout\"; expected one of ok, abstained, invalid, error.",
        "f:7: 'given.b' is ok with nothing in it; expected a score, a label or output.",
        'f:7: \'given.c\' is "{}"; expected an object such as {"score": 72.0}.',
        'f:7: \'expect\' is {}; expected an object such as {"outcome": "ok", "score": 72.0}.',
        "f:8: the header stands here; expected it on the first line.",
        "f:9: 'expect.score' is NaN; expected a finite number or null.",
        "f:9: 'expect.reasons' cannot be read: Expected `str`, got `int` - at `$.items[0].field`.",
    ] == list(read.mistakes)
    assert ["f:10"] == [golden.place for golden in read.records]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "holds no record"),
        (b'{"golden": 1}\n', "holds no record"),
        (b'{"golden": 1}\n\xff\n', ":2: the line is not text"),
    ],
    ids=["empty", "header only", "not UTF-8"],
)
def test_a_file_that_asks_nothing_is_a_finding(sources: Any, content: bytes, told: str) -> None:
    """A check of nothing does not pass."""
    (sources.folder / "recency.golden.ndjson").write_bytes(content)
    (what,) = sources.whats("recency")
    assert told in what


def test_the_clock_is_the_lines_then_the_headers(sources: Any) -> None:
    """A model that reads the clock sees the one that stands in the file."""
    sources.golden(
        "recency.golden.ndjson",
        {"golden": 1, "as_of": "2026-11-01T00:00:00Z"},
        {"record": {"seen": "2026-10-31"}, "expect": {"score": 0.0}},
        {"record": {"seen": "2026-10-31"}, "expect": {"score": 1.0}, "as_of": "2026-12-24"},
    )

    assert [] == sources.whats("recency")


def test_a_summary_stands_on_what_is_given(sources: Any) -> None:
    """The upstreams themselves are not asked: their results stand in the file."""
    fit, old = {"score": 7, "output": {"size": [1]}}, {"score": 1, "label": "old"}
    abstained, invalid, failed = ({"outcome": outcome} for outcome in ("abstained", "invalid", "error"))
    whole = {"score": 8, "label": "old", "output": {"size": [1]}}
    sources.golden(
        "overall.golden.ndjson",
        {"record": {}, "given": {"fit": fit, "recency": old}, "expect": whole},
        {"record": {}, "given": {"fit": fit, "recency": abstained}, "expect": {"score": 7, "label": None}},
        {"record": {}, "given": {"fit": fit, "recency": invalid}, "expect": {"score": 7}},
        {"record": {}, "given": {"fit": failed, "recency": old}, "expect": {"outcome": "skipped"}},
        {"record": {}, "given": {"fit": fit, "recency": old}, "expect": {"score": 9}},
        {"record": {}, "given": {"fit": fit, "recence": old}, "expect": {"score": 8}},
        {"record": {}, "given": {"fit": {"score": 101}, "recency": old}, "expect": {"score": 102}},
    )
    found = sources.check()
    expected = "expected the results of 'fit', 'recency'."

    assert [
        "overall.golden.ndjson:5: score 8.0, expected 9 (-1, tolerance 1e-09).",
        f"overall.golden.ndjson:6: 'given' lacks 'recency'; {expected} 'given' holds the unknown 'recence'; {expected}",
        "overall.golden.ndjson:7: 'given.fit.score' is 101; expected one from 0.0 to 100.0.",
    ] == [finding.what for finding in found]
    assert {"given fit": fit, "given recency": old} == found[0].record


def test_given_results_are_for_summaries(sources: Any) -> None:
    """A plain model stands on nothing."""
    sources.golden("recency.golden.ndjson", {"record": {}, "given": {"fit": {"score": 1}}, "expect": {"score": 1}})

    assert ["recency.golden.ndjson:1: 'given' is for summaries; this model stands on no other."] == sources.whats()


def test_two_results_of_one_upstream_must_agree(make_sources: Any) -> None:
    """A summary that knows one model by two names is given one result of it."""
    sources = make_sources(
        'from mlsm import model, summary_model\n\n\n@model(version="1.2.0", status="active")\n'
        "def fit(employees: int):\n    return 1.0\n\n\n"
        '@summary_model(version="1", models={"a": "fit", "b": "fit@1.2.0"})\ndef two(a, b):\n'
        "    return (a.score or 0) + (b.score or 0)\n"
    )
    same, other = {"score": 1}, {"score": 2}
    sources.golden(
        "two.golden.ndjson",
        {"record": {}, "given": {"a": same, "b": same}, "expect": {"score": 2}},
        {"record": {}, "given": {"a": same, "b": other}, "expect": {"score": 3}},
    )

    (what,) = sources.whats("two")
    assert "two.golden.ndjson:2: 'given' has two results of 'fit@1.2.0', 'a' and 'b', which differ" in what


def test_the_two_ways_of_scoring_are_told_apart(make_sources: Any) -> None:
    """A golden record is asked about in a batch and by itself."""
    sources = make_sources(
        'import mlsm\nimport polars as pl\n\n\n@mlsm.model(version="1", batch=True, fields={"x": float})\n'
        "def beside(leads: pl.DataFrame):\n"
        '    return leads["x"] + (0.5 if 2 < leads.height < 5 else 0.0)\n'
    )
    sources.golden("beside.golden.ndjson", *({"record": {"x": x}, "expect": {"score": x}} for x in (1.0, 2.0, 3.0)))

    what = sources.whats()[0]
    assert what.startswith("beside.golden.ndjson:1: in a batch: outcome error, NotRowWise: ")
    assert what.endswith(", expected ok; scored one by one: as expected.")


def test_an_error_comes_with_its_traceback(make_sources: Any) -> None:
    """A golden record on which the model raises shows where; errors alike show it once."""
    sources = make_sources(
        'import mlsm\n\n\n@mlsm.model(version="1")\ndef share(part: float):\n'
        "    return 1 / (part - 12345.678)  # none of those generated\n"
    )
    line = {"record": {"part": 12345.678}, "expect": {"score": 1}}
    sources.golden("share.golden.ndjson", line, line, {**line, "expect": {"outcome": "error"}})
    first, second = sources.check()

    assert "share.golden.ndjson:1: outcome error, ZeroDivisionError" in first.what
    assert "return 1 / (part - 12345.678)" in (first.trace or "")
    assert second.trace is None


def test_reasons_are_compared_as_far_as_they_are_said(make_sources: Any) -> None:
    """Reasons are asked for where a golden record expects some."""
    sources = make_sources(
        'import mlsm\n\n\n@mlsm.model(version="1")\ndef points(a: float, b: float):\n'
        "    a, b = min(max(a, -9.0), 9.0), min(max(b, -9.0), 9.0)\n"
        '    items = [{"field": "a", "contribution": a}, {"field": "b", "contribution": b}]\n'
        '    return {"score": 10 + a + b, "reasons": {"baseline": 10, "items": items}}\n'
    )
    record = {"a": 1, "b": 4}
    two = [{"field": "a", "contribution": 1}, {"field": "b", "contribution": 4}]
    sources.golden(
        "points.golden.ndjson",
        {"record": record, "expect": {"reasons": {"baseline": 10}}},
        {"record": record, "expect": {"reasons": {"items": two}}},
        {"record": record, "expect": {"reasons": {"items": two[1:], "other": 1}}},
        {"record": record, "expect": {"reasons": {"baseline": 9, "items": [*two, *two]}}},
        {"record": record, "expect": {"reasons": None}},
    )

    assert ["points.golden.ndjson:4", "points.golden.ndjson:5"] == [w.partition(": ")[0] for w in sources.whats()]
    assert "reasons 'baseline' 10.0, expected 9" in sources.whats()[0]


def test_files_that_do_not_say_whose_they_are(sources: Any) -> None:
    """`golden.ndjson` among several models names its own; a slip of the name is no check that passed."""
    line = {"record": {"seen": "2025-01-01"}, "expect": {"score": 1.0}}
    sources.golden("golden.ndjson", line)
    assert 4 == len(sources.whats())
    assert "golden.ndjson:1: it is not said whose records these are" in sources.whats()[0]

    sources.golden("golden.ndjson", {"golden": 1, "model": "recency"}, {**line, "expect": {"score": 0.0}})
    assert ["recency@1"] == [finding.model for finding in sources.check()]

    sources.golden("golden.ndjson", {"golden": 1, "model": "recence"}, line)
    assert "the records are for 'recence', which is no model of a file here" in sources.whats("recency")[0]


def test_text_is_written_as_it_is_read() -> None:
    """Lines are for people, so letters stay letters; what UTF-8 cannot hold is escaped."""
    goldens = [
        Golden(place="f:2", record={"name": name}, expect={"outcome": "ok"}, version="1")
        for name in ("Ünïcödé 株式会社", "two\nlines", "\ud800", "sep\u2028\u2029\x85arated")
    ]
    text = golden_text("fit", goldens)

    assert "Ünïcödé 株式会社" in text
    assert [replace(golden, place="") for golden in goldens] == [
        replace(golden, place="") for golden in read_golden_text(text, "f").records
    ]
