"""`mlsm check` with golden records: differences are printed and end with 1; `--write-golden` makes the file."""

from __future__ import annotations

import json
from typing import Any

import pytest

WELL = """

@model(version="3", name="fit")
def fit_3(employees: int):
    return min(max(employees, 0) / 10, 100.0)
"""


def _golden(project: Any, *lines: dict[str, Any]) -> None:
    (project.folder / "models" / "fit.golden.ndjson").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def test_a_difference_is_printed_and_ends_with_1(project: Any) -> None:
    """The table says how many differ, the findings say in what; JSON says the same."""
    _golden(
        project,
        {"golden": 1, "version": "1.2.0"},
        {"record": {"employees": 250}, "expect": {"score": 50.0, "label": "B"}},
        {"record": {"employees": 250}, "expect": {"score": 51.0, "label": "A"}},
        {"record": {"employees": "n/a"}, "expect": {"outcome": "invalid"}},
    )
    done = project.here("check", "fit@1.2.0")
    assert (1, ["fit@1.2.0", "active", "1 finding", "1 of 3 differ"]) == (
        done.returncode,
        [cell.strip() for cell in done.stdout.splitlines()[1].split("  ") if cell],
    )
    told = "models/fit.golden.ndjson:3: score 50.0, expected 51.0 (-1, tolerance 1e-09); label 'B', expected 'A'."
    assert told in done.stdout
    (document,) = project.json("check", "fit@1.2.0")
    assert ("golden", told, False) == (
        document["findings"][0]["check"],
        document["findings"][0]["what"],
        document["passed"],
    )
    assert {
        "files": ["models/fit.golden.ndjson"],
        "records": 3,
        "differing": 1,
        "not_applied": {},
        "written": None,
    } == document["golden"]


def test_records_that_are_not_applied_are_told(project: Any) -> None:
    """A version is never held to another's records, and never silently to none."""
    project.models.write_text(project.models.read_text() + WELL)
    _golden(
        project,
        {"version": "1.2.0", "record": {"employees": 250}, "expect": {"score": 50.0}},
        {"version": "1.20", "record": {"employees": 250}, "expect": {"score": 0.0}},
    )
    done = project.here("check", "fit@3")
    assert 0 == done.returncode
    assert "none, 2 for other versions" in done.stdout
    assert "no golden record is for fit@3: 1 for 1.2.0, 1 for 1.20, which were not applied to it." in done.stdout
    assert "1 golden record for fit@1.20, which is not in the catalog." in done.stdout
    (document,) = project.json("check", "fit@3")
    assert {"1.2.0": 1, "1.20": 1} == document["golden"]["not_applied"]


def test_a_model_without_golden_records_says_nothing_of_them(project: Any) -> None:
    """There is no column where nobody has any."""
    assert "golden" not in project.here("check", "fit@1.2.0").stdout
    assert project.json("check", "fit@1.2.0")[0]["golden"] is None


def test_many_differences_are_cut_on_the_screen(project: Any) -> None:
    """One tells most; JSON tells all."""
    line = {"version": "1.2.0", "record": {"employees": 250}, "expect": {"score": 0.0}}
    _golden(project, *[line] * 14)
    done = project.here("check", "fit@1.2.0")
    assert (10, True) == (done.stdout.count("expected 0.0"), "and 4 golden records more; --json" in done.stdout)
    assert 14 == len(project.json("check", "fit@1.2.0")[0]["findings"])


def test_golden_records_are_written_and_then_met(project: Any) -> None:
    """From the fields and from rows of a file, without the columns that the model does not read."""
    project.models.write_text(project.models.read_text() + WELL)
    done = project.here("check", "fit@3", "--write-golden", "--from", "second.csv", "--as-of", "2026-11-22")
    assert 0 == done.returncode, done.stderr
    assert (
        "Wrote 19 golden records of fit@3 to models/fit.golden.ndjson: 16 made from the fields, 3 taken" in done.stderr
    )
    text = (project.folder / "models" / "fit.golden.ndjson").read_text()
    assert (
        '{"golden": 1, "model": "fit", "tolerance": 1e-09, "as_of": "2026-11-22T00:00:00+00:00"}' == text.split("\n")[0]
    )
    assert '"record": {"employees": "400"}, "expect": {"outcome": "ok", "score": 40.0, "label": null}}' in text
    assert "example.com" not in text
    (document,) = project.json("check", "fit@3")
    assert (True, 19) == (document["passed"], document["golden"]["records"])

    again = project.here("check", "fit@3", "--write-golden")
    assert (1, "") == (again.returncode, again.stdout)
    assert "'models/fit.golden.ndjson' is there already" in again.stderr
    assert "--force" in again.stderr
    assert text == (project.folder / "models" / "fit.golden.ndjson").read_text()

    (document,) = project.json("check", "fit@3", "--write-golden", "--force")
    assert {
        "file": "models/fit.golden.ndjson",
        "typical": 16,
        "sampled": 0,
        "outcomes": {"ok": 16},
        "replaced": 19,
    } == document["golden"]["written"]


def test_nothing_is_written_of_a_model_that_fails(project: Any) -> None:
    """What is wrong is shown as without writing; the others are written, and the exit code is 1."""
    project.models.write_text(
        project.models.read_text() + WELL.replace("employees, 0) / 10", "employees, 0) / employees")
    )
    done = project.here("check", "fit@1.2.0", "fit@3", "--write-golden")
    assert 1 == done.returncode
    assert "ZeroDivisionError" in done.stdout
    assert "nothing was written of fit@3, which does not pass" in done.stderr
    text = (project.folder / "models" / "fit.golden.ndjson").read_text()
    assert ('"version": "1.2.0"' in text, '"version": "3"' in text) == (True, False)


@pytest.mark.parametrize("options", [["--force"], ["--from", "first.csv"], ["--as-of", "2026-11-22"]])
def test_options_of_writing_need_it(project: Any, options: list[str]) -> None:
    """An option that would do nothing is refused."""
    done = project.here("check", *options)
    assert (1, "") == (done.returncode, done.stdout)
    assert f"{options[0]} says how golden records are written" in done.stderr
