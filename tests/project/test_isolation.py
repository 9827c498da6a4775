"""`[isolation]`: where the project's models run, and what they may use there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import mlsm
from mlsm._model import Isolation

if TYPE_CHECKING:
    from tests.project.conftest import Written

HEAD = '[project]\nname = "acme"\n'


def test_models_are_inline_unless_said(project: Written) -> None:
    """Nothing is said: nothing is isolated."""
    assert not project.load().catalog["fit@1.0"].isolation.isolated


def test_a_default_holds_for_all_models(project: Written) -> None:
    """The project says it once; limits too."""
    said = '[isolation]\ndefault = "process"\ntimeout = 2\npart_timeout = 30\nmemory = "512MB"\nvariables = ["X"]\n'
    isolation = project.write(HEAD + said).load().catalog["fit@1.0"].isolation
    assert Isolation(rung="process", timeout=(2, 30), memory="512MB", variables=("X",)) == isolation


def test_a_model_may_have_a_place_of_its_own(project: Written) -> None:
    """A version goes before a name, and a name before the default."""
    said = '[isolation]\ndefault = "process"\n[isolation.models]\nfit = "inline"\n"fit@1.0" = {timeout = 5}\n'
    problems = project.write(HEAD + said).mistakes()
    assert any("mlsm.toml:7" in problem and "has a timeout but runs inline" in problem for problem in problems)
    said = '[isolation]\nmemory = "1GB"\n[isolation.models]\n"fit@1.0" = {isolation = "process", timeout = [5, 6]}\n'
    isolation = project.write(HEAD + said).load().catalog["fit@1.0"].isolation
    assert Isolation(rung="process", timeout=[5, 6], memory="1GB") == isolation


def test_isolation_is_no_part_of_the_digest(project: Written) -> None:
    """The same model answers the same, wherever it runs."""
    digest = project.load().catalog["fit@1.0"].digest
    isolated = project.write(HEAD + '[isolation]\ndefault = "process"\n').load().catalog["fit@1.0"]
    assert isolated.isolation.isolated
    assert digest == isolated.digest


def test_a_variable_may_say_it(project: Written) -> None:
    """`MLSM_ISOLATION_DEFAULT` overrides the file, as every key."""
    assert project.load({"MLSM_ISOLATION_DEFAULT": "process"}).catalog["fit@1.0"].isolation.isolated


def test_a_model_of_a_project_runs_in_its_process(project: Written) -> None:
    """Its file is found again under its own name, siblings that it imports when it is called too."""
    model = "from mlsm._model import model\n\n@model(version='1', isolation='process')\ndef lazy(x: int):\n"
    model += "    from prices import PRICE\n    import os\n    return float(x * PRICE + os.getppid() * 0)\n"
    catalog = project.write(lazy=model, prices="PRICE = 3\n").load().catalog
    results = {result.key: result for result in mlsm.score_one(catalog, {"id": "1", "x": 2, "employees": 1})}
    assert (6.0, 1.0) == (results["lazy@1"].score, results["fit@1.0"].score)


@pytest.mark.parametrize(
    ("said", "line", "told"),
    [
        ('[isolation]\ndefault = "thread"', 4, "'thread'; expected 'inline', 'process' or 'env'"),
        ("[isolation]\ntimeout = 0", 4, "expected seconds above 0"),
        ('[isolation]\nmemory = "much"', 4, "expected a size"),
        ('[isolation]\ndefault = "env"', 4, "no python is named"),
        ('[isolation]\nmemroy = "1GB"', 4, "has no key 'memroy'"),
        ('[isolation.models]\nfti = "process"', 4, "names the model 'fti'"),
        ("[isolation.models]\nfit = 3", 4, "is the number 3; expected a word or a table"),
        ('[isolation.models]\nfit = "thread"', 4, "isolation is the text 'thread'"),
        ("[isolation.models.fit]\ntimout = 3", 4, "has no key 'timout'"),
        ('[isolation.models.fit]\nisolation = "process"\ntimeout = [3, 1]', 5, "timeout is a list"),
        ('[isolation.models.fit]\nisolation = "process"\npython = "x"', 3, "names the interpreter"),
    ],
)  # fmt: skip
def test_every_mistake_is_told_with_its_line(project: Written, said: str, line: int, told: str) -> None:
    """Each comes with its place and a way out."""
    problems = project.write(f"{HEAD}{said}\n").mistakes()
    assert any(f"mlsm.toml:{line}: " in problem and told in problem and "Hint: " in problem for problem in problems), (
        problems
    )
