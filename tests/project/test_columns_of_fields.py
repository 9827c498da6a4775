"""The project file says from which column a field is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.project.conftest import Written

HEAD = '[project]\nname = "acme"\n'
MORE = """
from typing import Annotated
from mlsm._fields import Alias
from mlsm._model import model

@model(version="2.0", name="fit")
def fit_2(employees: int, region: Annotated[str, Alias("Region")] = "EMEA"):
    return 1.0

@model(version="1")
def size(employees: int):
    return 1.0
"""


def columns(project: Written) -> dict[str, list[str]]:
    """Give the columns that each model reads."""
    return {key: [field.column for field in model.inputs] for key, model in project.load().catalog.items()}


def test_closest_word_decides(project: Written) -> None:
    """A version's column goes before its name's, and that before everyone's, in any order."""
    project.write(
        HEAD + '[columns."fit@2.0"]\nemployees = "C"\n[columns.fit]\nemployees = "B"\nlead_source = "Lead Source"\n'
        '[columns]\nemployees = "A"\n',
        more=MORE,
    )
    assert {"fit@1.0": ["B", "Lead Source"], "fit@2.0": ["C", "Region"], "size@1": ["A"]} == columns(project)


def test_project_file_wins_over_an_alias(project: Written) -> None:
    """The name of the field counts, whatever column the code reads it from."""
    project.write(HEAD + '[columns]\nregion = "Gebiet"\n', more=MORE)
    assert ["employees", "Gebiet"] == columns(project)["fit@2.0"]


MISTAKES = {
    "unknown field": (
        '[columns]\nemployes = "x"',
        (
            "mlsm.toml:4: [columns] names the field 'employes', which no model has; "
            "expected one of employees, lead_source, region.\n    Hint: Did you mean 'employees'?"
        ),
    ),
    "strange field": (
        '[columns]\nqqq = "employees"',
        (
            "mlsm.toml:4: [columns] names the field 'qqq', which no model has; "
            "expected one of employees, lead_source, region.\n"
            "    Hint: Remove it: fields are the parameters of models, left of the sign."
        ),
    ),
    "field of another model": (
        '[columns.size]\nregion = "x"',
        (
            "mlsm.toml:4: [columns.size] names the field 'region', which 'size' does not have; "
            "expected one of employees.\n    Hint: Remove it: fields are the parameters of models, left of the sign."
        ),
    ),
    "field of another version": (
        '[columns."fit@1.0"]\nregion = "x"',
        (
            "mlsm.toml:4: [columns.\"fit@1.0\"] names the field 'region', which 'fit@1.0' does not have; "
            "expected one of employees, lead_source.\n"
            "    Hint: Remove it: fields are the parameters of models, left of the sign."
        ),
    ),
    "unknown model": (
        '[columns.sise]\nemployees = "x"',
        (
            "mlsm.toml:4: [columns.sise] names the model 'sise', which is in no file; expected one of fit, size.\n"
            "    Hint: Did you mean 'size'?"
        ),
    ),
    "unknown version": (
        '[columns."fit@3"]\nemployees = "x"',
        (
            "mlsm.toml:4: [columns.\"fit@3\"] names version '3' of 'fit', which is in no file; "
            "there is fit@1.0, fit@2.0.\n    Hint: Name one of these, or 'fit' for all of them."
        ),
    ),
    "number": (
        "[columns]\nemployees = 7",
        (
            "mlsm.toml:4: [columns] employees is the number 7; expected the name of a column.\n"
            '    Hint: Write employees = "Name of the column".'
        ),
    ),
    "blank": (
        '[columns.fit]\nemployees = ""',
        (
            "mlsm.toml:4: [columns.fit] employees is ''; expected the name of a column.\n"
            '    Hint: Write employees = "Name of the column".'
        ),
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistake_about_a_column_is_told(project: Written, case: str) -> None:
    """A column is refused where it is badly written, or said of what no model has."""
    manifest, expected = MISTAKES[case]
    assert [expected] == project.write(HEAD + manifest, more=MORE).mistakes()
