"""Variables override the project file, under the same checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlsm._model import Breaker, Failing, Isolation
from mlsm.project.keys import KEYS

if TYPE_CHECKING:
    from tests.project.conftest import Written

SET = {
    "MLSM_PROJECT_NAME": "[other]",
    "MLSM_PROJECT_DEPENDENCIES": "idna",
    "MLSM_RECORD_ID": "",
    "MLSM_RECORD_KEEP": "email, owner",
    "MLSM_INPUT_SHAPE": "nested",
    "MLSM_INPUT_SEPARATOR": ";",
    "MLSM_INPUT_ENCODING": "utf-16",
    "MLSM_INPUT_NULL": '["a, b", "c"]',
    "MLSM_INPUT_TRUE": "yes",
    "MLSM_INPUT_FALSE": "no,nope",
    "MLSM_INPUT_DATE_FORMATS": "%d.%m.%Y",
    "MLSM_INPUT_DECIMAL": ",",
    "MLSM_INPUT_MIN_RECORDS": " 7 ",
    "MLSM_STORE_URL": "postgresql://db/leads",
    "MLSM_STORE_INPUTS": "keep",
    "MLSM_STORE_KEEP": "90d",
    "MLSM_STORE_PATIENCE": "2.5",
    "MLSM_RUN_PART_ROWS": "100",
    "MLSM_RUN_WORKERS": "3",
    "MLSM_RUN_MAX_FAILED": "0.5",
    "MLSM_GIT_HOSTS": "git.example.com",
    "MLSM_BREAKER_SHARE": "0.2",
    "MLSM_BREAKER_WINDOW": "50",
    "MLSM_BREAKER_DRAFT_SHARE": "0.1",
    "MLSM_BREAKER_DRAFT_WINDOW": "20",
    "MLSM_BREAKER_COOLDOWN": "5",
    "MLSM_FAILING_ON_FAILURE": "last_good",
    "MLSM_FAILING_MODELS": '{"fit": {"max_failed": 0.3}}',
    "MLSM_ISOLATION_DEFAULT": "process",
    "MLSM_ISOLATION_TIMEOUT": "2.5",
    "MLSM_ISOLATION_PART_TIMEOUT": "60",
    "MLSM_ISOLATION_MEMORY": "1GB",
    "MLSM_ISOLATION_PYTHON": "bin/python",
    "MLSM_ISOLATION_VARIABLES": "HTTPS_PROXY, X",
    "MLSM_ISOLATION_MODELS": '{"fit": {"isolation": "env"}}',
    "MLSM_MODELS_PATHS": "models/fit.py",
    "MLSM_MODELS_ACTIVE": '{"fit": "1.0"}',
    "MLSM_MODELS_DRAFT": "{}",
    "MLSM_MODELS_RETIRED": "{}",
    "MLSM_COLUMNS": '{"lead_source": "Lead Source", "fit": {"employees": "Headcount"}}',
}


def test_every_key_has_a_variable(project: Written) -> None:
    """Each key of the file can be given from outside, in the form that its kind has there."""
    assert {"MLSM_COLUMNS", *(key.variable for key in KEYS)} == SET.keys()
    found = project.load(SET)
    assert ("[other]", None, ("email", "owner"), "nested") == (found.name, found.id_column, found.keep, found.shape)
    assert (
        Isolation(
            rung="env", timeout=(2.5, 60.0), memory="1GB", python=str(project.folder / "bin/python"),
            variables=("HTTPS_PROXY", "X"),
        )
        == found.catalog["fit@1.0"].isolation
    )  # fmt: skip
    breaker = Breaker(share=0.2, window=50, draft_share=0.1, draft_window=20, cooldown=5.0)
    failing = Failing(on_failure="last_good", breaker=breaker, max_failed=0.3)
    assert failing == found.catalog["fit@1.0"].failing
    assert (";", "utf-16", ",") == (found.dialect.separator, found.dialect.encoding, found.reading.decimal)
    assert (frozenset({"a, b", "c"}), frozenset({"yes"})) == (found.reading.null, found.reading.true)
    assert (frozenset({"no", "nope"}), ("%d.%m.%Y",)) == (found.reading.false, found.reading.date_formats)
    assert (7, 100, 3, 0.5) == (found.min_records, found.part_rows, found.workers, found.max_failed)
    assert ("postgresql://db/leads", "keep") == (found.store_url, found.keep_inputs)
    assert ["Headcount", "Lead Source"] == [field.column for field in found.catalog["fit"].inputs]


def test_object_changes_only_the_names_it_holds(project: Written) -> None:
    """Names that a variable's object leaves out keep what the file says of them."""
    project.write('[project]\nname = "acme"\n[columns]\nemployees = "A"\nlead_source = "B"\n')
    found = project.load({"MLSM_COLUMNS": '{"lead_source": "C"}'})
    assert ["A", "C"] == [field.column for field in found.catalog["fit@1.0"].inputs]


def test_variable_mends_a_mistake_of_the_file(project: Written) -> None:
    """What a variable replaces is not looked at, and the name may be given by one alone."""
    project.write('[run]\npart_rows = "many"\n')
    assert 5 == project.load({"MLSM_RUN_PART_ROWS": "5", "MLSM_PROJECT_NAME": "acme"}).part_rows


def test_variables_of_others_are_left_alone(project: Written) -> None:
    """Folders of commands and tests, and whatever does not begin with MLSM_, are no keys."""
    assert "acme" == project.load({"MLSM_HOME": "/x", "MLSM_DATA": "/y", "HOME": "/z", "mlsm_foo": ""}).name


MISTAKES = {
    "unknown": (
        {"MLSM_STOR_URL": "sqlite:///x.db"},
        (
            "MLSM_STOR_URL: the variable belongs to no key of mlsm.toml; expected MLSM_<SECTION>_<KEY>, "
            "such as MLSM_STORE_URL.\n    Hint: Did you mean MLSM_STORE_URL?"
        ),
    ),
    "strange": (
        {"MLSM_": ""},
        (
            "MLSM_: the variable belongs to no key of mlsm.toml; expected MLSM_<SECTION>_<KEY>, "
            "such as MLSM_STORE_URL.\n    Hint: Unset it."
        ),
    ),
    "no number": (
        {"MLSM_RUN_PART_ROWS": "1e3"},
        (
            "MLSM_RUN_PART_ROWS: [run] part_rows is the text '1e3'; expected a whole number.\n"
            "    Hint: Write part_rows = 25000."
        ),
    ),
    "bad value": (
        {"MLSM_INPUT_DECIMAL": ""},
        "MLSM_INPUT_DECIMAL: [input] decimal is ''; expected '.' or ','.\n    Hint: Write '.' or ','.",
    ),
    "no JSON": (
        {"MLSM_RECORD_KEEP": '["email"'},
        (
            "MLSM_RECORD_KEEP: [record] keep is the text '[\"email\"'; expected a list of texts.\n"
            '    Hint: Write keep = ["email"].'
        ),
    ),
    "no object": (
        {"MLSM_MODELS_ACTIVE": "fit"},
        (
            "MLSM_MODELS_ACTIVE: [models] active is the text 'fit'; expected a section.\n"
            '    Hint: Write fit = "1.2.0" below [models.active].'
        ),
    ),
    "item of a list": (
        {"MLSM_INPUT_DATE_FORMATS": "%d.%m.%Y,%d"},
        (
            "MLSM_INPUT_DATE_FORMATS: [input] date_formats holds '%d', which does not tell a day; "
            "expected a format of strptime that tells year, month and day.\n"
            "    Hint: Such as '%d.%m.%Y' for 31.12.2026, or '%m/%d/%Y %H:%M' for 12/31/2026 23:59."
        ),
    ),
    "status": (
        {"MLSM_MODELS_ACTIVE": '{"fit": "2.0"}'},
        (
            "MLSM_MODELS_ACTIVE: [models.active] names version '2.0' of 'fit', which is in no file; there is '1.0'.\n"
            "    Hint: Did you mean '1.0'?"
        ),
    ),
    "column": (
        {"MLSM_COLUMNS": '{"lead_sorce": "x"}'},
        (
            "MLSM_COLUMNS: [columns] names the field 'lead_sorce', which no model has; "
            "expected one of employees, lead_source.\n    Hint: Did you mean 'lead_source'?"
        ),
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistake_is_told_with_the_name_of_the_variable(project: Written, case: str) -> None:
    """What a variable gets wrong is told as the file's mistakes are, at the variable."""
    environ, expected = MISTAKES[case]
    assert [expected] == project.mistakes(environ)
