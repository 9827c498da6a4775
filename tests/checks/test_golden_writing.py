"""Golden records are written of models that pass, and overwrite nothing unasked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mlsm._fields import Reading
from mlsm.errors import InputError
from mlsm.readers import open_data
from mlsm.service import check
from mlsm.service.golden_writing import write_golden


def test_written_records_are_met(sources: Any) -> None:
    """What was written is what the models answer; both versions share their name's file."""
    written = sources.write()

    assert [("fit@1.2.0", "fit.golden.ndjson"), ("fit@2.0.0", "fit.golden.ndjson")] == [
        (one.model, one.file) for one in written[:2]
    ]
    assert [] == [finding for one in written for finding in one.findings]
    assert [] == check(sources.catalog, folder=sources.folder)
    assert {"1.2.0", "2.0.0"} == {golden.version for golden in sources.read("fit.golden.ndjson").records}
    assert {"ok", "skipped"} == {golden.expect["outcome"] for golden in sources.read("overall.golden.ndjson").records}


def test_rows_of_an_input_are_sampled(sources: Any) -> None:
    """Rows are taken evenly, and of each only the columns that the model reads."""
    leads = [{"id": n, "email": f"{n}@example.com", "employees": n, "seen": "2026-01-01"} for n in range(20_000)]
    as_of = datetime(2026, 11, 22, tzinfo=UTC)
    (written,) = sources.write("fit@1.2.0", rows=open_data(leads), as_of=as_of)
    records = sources.read("fit.golden.ndjson").records

    assert (16, 32) == (written.typical, written.sampled)
    assert [{"employees": 18_750}, {"employees": 19_375}] == [golden.record for golden in records[-2:]]
    assert as_of == records[0].as_of


def test_an_input_that_lacks_a_column_is_refused(sources: Any) -> None:
    """Rows that no model could read are no golden records."""
    with pytest.raises(InputError, match=r"'fit@1.2.0' needs 'employees', not in 'records'"):
        sources.write("fit@1.2.0", rows=open_data([{"id": 1}]))


def test_a_file_is_never_overwritten_unasked(sources: Any) -> None:
    """By force, what a file holds for this version is written anew; what it holds for others stays."""
    sources.golden(
        "fit.golden.ndjson",
        {"golden": 1, "version": "1.2.0", "tolerance": 0.5},
        {"record": {"employees": 80}, "expect": {"score": 8.4}, "note": "By hand."},
        {"version": "2.0.0", "record": {"employees": 80}, "expect": {"score": 11.0}},
    )
    before = (sources.folder / "fit.golden.ndjson").read_bytes()
    with pytest.raises(InputError, match=r"'fit.golden.ndjson' is there already"):
        sources.write()
    assert (before, False) == (
        (sources.folder / "fit.golden.ndjson").read_bytes(),
        (sources.folder / "recency.golden.ndjson").exists(),
    )

    (written,) = sources.write("fit@2.0.0", force=True)
    kept = sources.read("fit.golden.ndjson").records[0]
    assert (1, 1, "1.2.0", 0.5, "By hand.") == (
        written.replaced,
        written.kept,
        kept.version,
        kept.tolerance,
        kept.note,
    )
    assert [] == sources.whats("fit")


def test_a_damaged_file_is_not_written_anew(sources: Any) -> None:
    """What it held for other versions cannot be known."""
    sources.golden("fit.golden.ndjson", '{"record"')
    with pytest.raises(InputError, match=r"fit.golden.ndjson:1: the line is no JSON"):
        sources.write("fit@2.0.0", force=True)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("return 1 / x", "ZeroDivisionError"),
        ("calls.append(1)\n    return float(len(calls))", "Asked twice"),
    ],
    ids=["hostile records", "another answer"],
)
def test_a_model_that_fails_its_checks_is_not_written(make_sources: Any, code: str, told: str) -> None:
    """Nothing is held to what is wrong already."""
    sources = make_sources(f'import mlsm\n\ncalls = []\n\n\n@mlsm.model(version="1")\ndef one(x: int):\n    {code}\n')
    (written,) = sources.write()

    assert told in written.findings[0].what
    assert not (sources.folder / "one.golden.ndjson").exists()


def test_a_model_that_fails_on_a_row_is_not_written(make_sources: Any) -> None:
    """A failure is nothing to hold a model to, and rows show what generated records do not."""
    sources = make_sources(
        'import mlsm\n\n\n@mlsm.model(version="1")\ndef one(x: int):\n'
        '    if x == 4711:\n        raise ValueError("a lucky number")\n    return 1.0\n'
    )
    (written,) = sources.write(rows=open_data([{"x": 1}, {"x": 4711}]))

    assert [
        "With row 2 of 'records' the outcome is error, ValueError: a lucky number; expected no failure."
    ] == [finding.what for finding in written.findings]  # fmt: skip
    assert not (sources.folder / "one.golden.ndjson").exists()


@pytest.mark.parametrize("reading", [Reading(), Reading(decimal=",", date_formats=("%d.%m.%Y",))], ids=["plain", "own"])
def test_records_of_every_kind_are_written_as_they_are_read(make_sources: Any, reading: Reading) -> None:
    """Dates, lists and objects come back from JSON as what they were."""
    sources = make_sources(
        "from datetime import date, datetime\nfrom typing import Literal, TypedDict\n\nimport mlsm\n\n\n"
        "class Visit(TypedDict):\n    page: str\n    seconds: float\n\n\n"
        '@mlsm.model(version="1")\n'
        'def every(a: int, b: float, c: bool, d: str, e: date, f: datetime, g: Literal["x", "y"], '
        "h: list[Visit], i: dict[str, int], j: date | None = None):\n"
        '    return {"said": [a, b, c, d, e, f, g, h, i, j]}\n'
    )
    (written,) = list(write_golden(sources.catalog, folder=sources.folder, reading=reading))

    assert ((), {"ok": 16}) == (written.findings, written.outcomes)
    assert [] == check(sources.catalog, folder=sources.folder, reading=reading)
