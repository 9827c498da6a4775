"""The project file says which version is active, draft or retired."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.project.conftest import Written

TWO = """
from mlsm._model import model

@model(version="1", name="lead-fit", status="active")
def first(employees: int):
    return 1.0

@model(version="2", name="lead-fit")
def second(employees: int):
    return 2.0

@model(version="3", name="lead-fit")
def third(employees: int):
    return 3.0
"""
BEST = """
from mlsm._model import summary_model

@summary_model(version="1", models=["fit"], status="active")
def best(fit):
    return fit.score
"""
HEAD = '[project]\nname = "acme"\n'


def test_project_file_wins_over_the_code(project: Written) -> None:
    """A version made active takes the place of the one that the code calls active."""
    project.write(HEAD + '[models.active]\nlead-fit = "2"\n[models.retired]\nlead-fit = ["3"]\n', two=TWO)
    statuses = {model.key: model.status for model in project.load().catalog.values()}
    assert {"fit@1.0": "draft", "lead-fit@1": "draft", "lead-fit@2": "active", "lead-fit@3": "retired"} == statuses


def test_code_decides_where_the_project_file_is_silent(project: Written) -> None:
    """Without a word about a model, its own status stands."""
    project.write(HEAD, two=TWO)
    assert "lead-fit@1" == project.load().catalog["lead-fit"].key


MISTAKES = {
    "unknown version": (
        '[models.active]\nlead-fit = "9"',
        (
            "mlsm.toml:4: [models.active] names version '9' of 'lead-fit', which is in no file; "
            "there is '1', '2', '3'.\n"
            "    Hint: Name one of these, or add the file of that version."
        ),
    ),
    "unknown version in a list": (
        '[models.draft]\nlead-fit = [\n"2",\n"9",\n]',
        (
            "mlsm.toml:6: [models.draft] names version '9' of 'lead-fit', which is in no file; "
            "there is '1', '2', '3'.\n"
            "    Hint: Name one of these, or add the file of that version."
        ),
    ),
    "unknown model": (
        '[models.active]\nleadfit = "1"',
        (
            "mlsm.toml:4: [models.active] names the model 'leadfit', which is in no file; "
            "expected one of fit, lead-fit.\n"
            "    Hint: Did you mean 'lead-fit'?"
        ),
    ),
    "strange model": (
        '[models.active]\nqqq = "1"',
        (
            "mlsm.toml:4: [models.active] names the model 'qqq', which is in no file; expected one of fit, lead-fit.\n"
            "    Hint: Remove it, or add the file to [models] paths."
        ),
    ),
    "two statuses": (
        '[models.active]\nlead-fit = "2"\n[models.draft]\nlead-fit = ["1", "2"]',
        (
            "mlsm.toml:6: 'lead-fit@2' is draft here and active at mlsm.toml:4; expected one status a version.\n"
            "    Hint: Remove one of the two."
        ),
    ),
    "two active": (
        '[models.active]\nlead-fit = ["1", "2"]',
        (
            "mlsm.toml:4: [models.active] lead-fit names 2 versions; expected one active version a model.\n"
            "    Hint: Move the others to [models.draft]."
        ),
    ),
    "number": (
        "[models.active]\nlead-fit = 2",
        (
            "mlsm.toml:4: [models.active] lead-fit is the number 2; expected a version as text in quotes.\n"
            '    Hint: Write lead-fit = "1.2.0".'
        ),
    ),
    "number in a list": (
        "[models.draft]\nlead-fit = [2]",
        (
            "mlsm.toml:4: [models.draft] lead-fit holds the number 2; expected versions as text in quotes.\n"
            '    Hint: Write lead-fit = "1.2.0".'
        ),
    ),
    "dotted name": (
        '[models.active]\nlead.fit = "2"',
        (
            "mlsm.toml:4: [models.active] lead is a section; expected a version.\n"
            '    Hint: A name with a dot stands in quotes: "lead.fit".'
        ),
    ),
    "unknown status": (
        '[models.actve]\nlead-fit = "2"',
        (
            "mlsm.toml:3: [models] has no key 'actve'; expected one of paths, active, draft, retired.\n"
            "    Hint: Did you mean 'active'?"
        ),
    ),
    "no section": (
        '[models]\nactive = "lead-fit"',
        (
            "mlsm.toml:4: [models] active is the text 'lead-fit'; expected a section.\n"
            '    Hint: Write fit = "1.2.0" below [models.active].'
        ),
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistake_about_a_status_is_told(project: Written, case: str) -> None:
    """A status is refused where it is badly written, or said of what no file has."""
    manifest, expected = MISTAKES[case]
    assert [expected] == project.write(HEAD + manifest, two=TWO).mistakes()


def test_mistake_of_the_catalog_is_told_at_the_models_file(project: Written) -> None:
    """Models that cannot stand together are one mistake among the others, at the summary's file."""
    project.write(HEAD + "[run]\npart_rows = 0", best=BEST)
    assert [
        "mlsm.toml:4: [run] part_rows is 0; expected 1 or more.\n    Hint: Write 1 or a greater number.",
        (
            "models/best.py: 'best@1' stands on 'fit', but no version of 'fit' is active; expected one of fit@1.0.\n"
            "    Hint: Say in [models.active] which version is active, or mend the model."
        ),
    ] == project.mistakes()


def test_nothing_is_held_against_a_file_that_cannot_be_imported(project: Written) -> None:
    """A broken file may hold the version that a status names, so only the file is told."""
    project.write(HEAD + '[models.active]\nfit = "3"\n[columns.fit]\nx = "y"\n', broken="import nothing_such")
    assert [
        (
            "models/broken.py:1: 'models/broken.py' cannot be imported: there is no module 'nothing_such'.\n"
            "    Hint: Install the library, or put the file beside this one."
        )
    ] == project.mistakes()
