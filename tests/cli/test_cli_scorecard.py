"""`mlsm scorecard`: points tables from spreadsheets, and back."""

from __future__ import annotations

from typing import Any

SHEET = """\
Field;Criterion;Value;Points;Text;Ignore case
[table];cap;100;;;
employees;at least;500;30;big company;
title;contains;chief | head of;15,5;;true
"""


def test_a_spreadsheet_becomes_a_model(project: Any) -> None:
    """Semicolons, decimal commas and headings as people write them are read; what comes next is told."""
    (project.folder / "points.csv").write_text(SHEET, encoding="utf-8")
    done = project.here("scorecard", "from", "points.csv", "points.toml")
    assert 0 == done.returncode, done.stderr
    assert "points.toml holds 2 rules." in done.stderr
    assert '[[model]]\n  name = "points"' in done.stderr
    back = project.here("scorecard", "to", "again.csv", "points.toml")
    assert 0 == back.returncode, back.stderr
    assert "title,contains,chief | head of,15.5" in (project.folder / "again.csv").read_text(encoding="utf-8")


def test_files_are_neither_overwritten_nor_made_up(project: Any) -> None:
    """A file that is there stays unless it is forced; one that is not there is told by its name."""
    (project.folder / "points.csv").write_text(SHEET, encoding="utf-8")
    (project.folder / "points.toml").write_text("kept", encoding="utf-8")
    taken = project.here("scorecard", "from", "points.csv", "points.toml")
    absent = project.here("scorecard", "to", "new.csv", "absent.toml")
    assert (1, 1) == (taken.returncode, absent.returncode)
    assert "write over it: --force" in taken.stderr
    assert "The scorecard 'absent.toml' cannot be read" in absent.stderr
    assert "Look for a typing error in the path." in absent.stderr
    assert "kept" == (project.folder / "points.toml").read_text(encoding="utf-8")


def test_what_looks_wrong_is_warned_of_with_the_line_of_the_file_that_was_read(project: Any) -> None:
    """Whoever wrote the spreadsheet mends it there."""
    rows = "employees;at least;100;10;;\nemployees;between;50 | 200;5;;\n"
    (project.folder / "points.csv").write_text(SHEET + rows, encoding="utf-8")
    done = project.here("scorecard", "from", "points.csv", "points.toml")
    assert 0 == done.returncode, done.stderr
    assert "points.csv:6: The rule on 'employees' overlaps with the one at line 5" in done.stderr
    back = project.here("scorecard", "to", "again.csv", "points.toml")
    assert "points.toml:20: The rule on 'employees' overlaps" in back.stderr


def test_rules_that_no_field_could_suit_are_refused_with_their_lines(project: Any) -> None:
    """A table that could not be loaded is not written."""
    (project.folder / "points.csv").write_text(f"{SHEET}employees;contains;many;5;;\n", encoding="utf-8")
    done = project.here("scorecard", "from", "points.csv", "points.toml")
    assert 1 == done.returncode
    assert "points.csv:5: The rule on 'employees' asks it as str, the one at line 3 as float." in done.stderr
    assert not (project.folder / "points.toml").exists()
