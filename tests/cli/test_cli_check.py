"""`mlsm check`: findings are shown with the record that shows them, and end with 1."""

from __future__ import annotations

from typing import Any

BROKEN = """

@model(version="1")
def share(won: int, all_leads: int):
    return won / all_leads
"""


def test_models_that_are_well_pass(project: Any) -> None:
    """Each model that was asked for has a row that says passed; the exit code is 0."""
    done = project.here("check", "fit@1.2.0")
    assert (0, ["fit@1.2.0", "active", "passed"]) == (done.returncode, done.stdout.splitlines()[1].split())


def test_a_finding_is_shown_with_its_record(project: Any) -> None:
    """A model that divides by zero fails, with the record, the traceback and exit code 1."""
    project.models.write_text(project.models.read_text() + BROKEN)
    done = project.here("check", "share")
    assert 1 == done.returncode
    for part in ("share@1  draft   1 finding", "ZeroDivisionError", "'all_leads': 0", "return won / all_leads"):
        assert part in done.stdout
    (told,) = project.json("check", "share")
    assert ("share@1", False, "0") == (told["model"], told["passed"], told["findings"][0]["record"]["all_leads"])


def test_an_unknown_model_is_refused(project: Any) -> None:
    """A misspelt name is no model that passed."""
    done = project.here("check", "intrest")
    assert (1, "") == (done.returncode, done.stdout)
    assert "No model 'intrest'" in done.stderr


OVERLAPPING = """
[[rule]]
field = "employees"
at_least = 100
points = 10
[[rule]]
field = "employees"
between = [50, 200]
points = 5
"""


def test_what_looks_wrong_in_a_file_of_a_model_is_shown(project: Any) -> None:
    """It is no finding; here and in the verbose list it is told with its line, each on lines of its own."""
    (project.folder / "points.toml").write_text(OVERLAPPING)
    entry = '\n[[model]]\nname = "points"\nversion = "1"\npath = "points.toml"\n'
    manifest = project.folder / "mlsm.toml"
    manifest.write_text(manifest.read_text() + entry)
    done = project.here("check", "points")
    assert 0 == done.returncode, done.stderr
    assert "\npoints@1: points.toml:6: The rule on 'employees' overlaps" in done.stdout
    assert "points.toml:6: The rule" in project.json("check", "points")[0]["notes"][0]
    assert "\n  points.toml:6: The rule on 'employees' overlaps" in project.here("list", "--verbose").stdout
