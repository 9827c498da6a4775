"""`[[model]]` and `[[summary]]`: models that the project file itself declares."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import mlsm

if TYPE_CHECKING:
    from tests.project.conftest import Written

HEAD = '[project]\nname = "acme"\n'
TWO = """
from mlsm._model import model

@model(version="1", status="active", range=(0, 100))
def fit(employees: int):
    return float(employees)

@model(version="1", status="active", range=(0, 100))
def recency(days: int):
    return 100.0 - days
"""
BEST = """
[models.active]
top = "1"
[[summary]]
name = "top"
version = "1"
rule = "best"
models = ["fit", "recency"]
"""


def test_a_summary_needs_no_code(project: Written) -> None:
    """A rule over models that compare scores like any summary, and says who won."""
    catalog = project.write(HEAD + BEST, two=TWO).load().catalog
    results = {result.key: result for result in mlsm.score_one(catalog, {"id": "1", "employees": 40, "days": 3})}
    assert (97.0, {"winner": "recency"}) == (results["top@1"].score, results["top@1"].output)
    assert "mlsm.toml:top" == catalog["top@1"].source


def test_a_mistake_in_the_only_entry_is_the_only_one(project: Written) -> None:
    """Where models are declared in the file itself, the usual folder of code is missed by nobody."""
    shutil.rmtree(project.write(HEAD + '[[model]]\nname = "fit"\nversion = "1"\npth = "a"\n').folder / "models")
    assert ["has no path", "no key 'pth'"] == [
        said for told in project.mistakes() for said in ("has no path", "no key 'pth'", "is not there") if said in told
    ]


def test_models_that_do_not_compare_are_refused(project: Written) -> None:
    """A best of two needs scores of one range; it is told at the summary's line."""
    problems = project.write(HEAD + BEST, two=TWO.replace("(0, 100))\ndef rec", "(0, 1))\ndef rec")).mistakes()
    assert any("mlsm.toml:6: 'top@1'" in problem and "recency" in problem for problem in problems)


@pytest.mark.parametrize(
    ("entry", "line", "said"),
    [
        ('[[summary]]\nname = "t"\nversion = "1"\nrule = "bst"\nmodels = ["fit"]', 6, "rule is the text 'bst'"),
        (
            (
                '[[summary]]\nname = "t"\nversion = "1"\nrule = "majority"\nmodels = ["fit"]\n'
                "convert = { fit = { A = 0.5, B = 0.7, C = 0 } }"
            ),
            8,
            "expected thresholds that fall from label to label, or rise.",
        ),
        ('[[summary]]\nname = "t"\nversion = "1"\nrule = "best"', 3, "[[summary]] has no models."),
        ('[[summary]]\nname = "t"\nversion = "1"\nrule = "best"\nmodels = ["fit"]\nmising = 1', 8, "'best'"),
        ('[[model]]\nname = "t"\nversion = "1"\npath = "no.skops"', 3, "The file 'no.skops' is not there."),
        ('[[model]]\nname = "t"\nversion = "1"\npath = "mlsm.toml"\nkind = "skl"', 7, "kind is the text 'skl'"),
        ('[[model]]\nname = "t"\nversion = "1"\npath = "models/two.py"', 3, "does not tell its kind"),
        ('[[model]]\nname = "t"\nversion = "1"\npath = "x"\ntrsut = true', 7, "no key 'trsut'"),
        ('[[model]]\nname = "t"\nversion = "1"\npath = "x"\nfields = { a = "number" }', 7, "fields is a section"),
    ],
    ids=["rule", "thresholds", "no-models", "option", "no-file", "kind", "unknown-kind", "key", "field"],
)
def test_a_mistake_is_told_with_its_line(project: Written, entry: str, line: int, said: str) -> None:
    """Every mistake of an entry has its line, and says what was expected."""
    problems = project.write(f"{HEAD}{entry}\n", two=TWO).mistakes()
    assert any(problem.startswith(f"mlsm.toml:{line}: ") and said in problem for problem in problems), problems


def test_a_summary_with_a_mistake_is_not_said_to_be_nowhere(project: Written) -> None:
    """That it is active is no mistake: it is there, and cannot be read."""
    (problem,) = project.write(HEAD + BEST.replace('"best"', '"bst"'), two=TWO).mistakes()
    assert "rule is the text 'bst'" in problem


@pytest.mark.parametrize("option", ["trust = true", 'trust = ["acme.Cut"]', 'classes = ["no", "yes"]'])
def test_an_option_that_a_hint_names_may_be_written(project: Written, option: str) -> None:
    """What the runtimes' hints tell people to write, the project takes."""
    entry = f'[[model]]\nname = "t"\nversion = "1"\npath = "no.skops"\n{option}\n'
    (problem,) = project.write(f"{HEAD}{entry}", two=TWO).mistakes()
    assert "The file 'no.skops' is not there." in problem


def test_a_section_instead_of_tables_is_a_mistake(project: Written) -> None:
    """[model] is not [[model]]."""
    (problem,) = project.write(HEAD + '[model]\nname = "t"\n', two=TWO).mistakes()
    assert problem.startswith("mlsm.toml:3: 'model' is a section; expected tables.")


def test_declared_and_coded_models_are_one_list(project: Written) -> None:
    """A version that code declares as well is told of."""
    problems = project.write(HEAD + BEST.replace("top", "fit").replace('"fit", "rec', '"rec'), two=TWO).mistakes()
    assert any("'fit@1'" in problem and "as well" in problem for problem in problems)
