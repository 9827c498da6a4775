"""The project file, edited by commands: what they do not speak of stays as it was, to the byte."""

from __future__ import annotations

import pytest

from mlsm.errors import ProjectError
from mlsm.project.edits import with_source, with_statuses, without_source

APART = """\
# Ours.
[[source]]
name = "ada"
url = "https://git.example.com/ada"

[models.draft]
size = "2"

# The second one, on trial.
[[source]]
name = "bob"
url = "https://git.example.com/bob"
# branch = "develop"

# How we run.
[run]
part_rows = 4
"""
BOB = {"name": "bob", "url": "https://git.example.com/bob"}
CAY = {"name": "cay", "url": "https://git.example.com/cay"}


def test_statuses_leave_sources_that_stand_apart_where_they_are() -> None:
    """Sections between two sources stay between them, and so do comments."""
    edited = with_statuses(APART, "size", {"2": "active"})
    assert edited == APART.replace("[models.draft]", "[models.active]")
    edited = with_statuses(APART, "other", {"1": "draft"})
    assert edited == APART.replace('size = "2"\n', 'size = "2"\nother = "1"\n')


def test_a_source_comes_behind_the_others_and_goes_without_a_trace() -> None:
    """A new source stands with those there are; taken out again, the file is what it was."""
    added = with_source(APART, CAY)
    assert added.index("# branch") < added.index("cay") < added.index("# How we run.")
    assert without_source(added, 2) == APART


@pytest.mark.parametrize(
    "text",
    ["# Ours.\n", '[project]\nname = "acme"\n\n# The end.\n', '[project]\r\nname = "acme"\r\n'],
    ids=["comment", "comment below", "windows"],
)
def test_what_is_added_and_removed_leaves_the_file_as_it_was(text: str) -> None:
    """A source and a status that come and go leave no empty section behind."""
    added = with_statuses(with_source(text, BOB), "size", {"1": "draft"})
    assert "[models.draft]" in added
    assert added.count("\r\n") in (0, added.count("\n"))
    assert without_source(with_statuses(added, "size", {"1": None}), 0) == text


def test_an_empty_section_with_a_comment_stays() -> None:
    """What somebody wrote down is kept."""
    text = '[models.draft]  # on trial\nsize = "1"\n'
    assert with_statuses(text, "size", {"1": None}) == "[models.draft]  # on trial\n"


@pytest.mark.parametrize("text", ['source = [{ name = "ada" }]\n', 'models = { active = { size = "1" } }\n'])
def test_what_cannot_be_edited_is_told(text: str) -> None:
    """Sources and statuses in braces cannot be given sections, and the way out is told."""
    with pytest.raises(ProjectError, match="cannot be edited safely"):
        with_statuses(with_source(text, BOB), "size", {"1": "draft", "2": "active"})
