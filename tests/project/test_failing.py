"""`[breaker]` and `[failing]`: what is done about the project's models when they fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlsm import Breaker, Failing

if TYPE_CHECKING:
    from tests.project.conftest import Written

HEAD = '[project]\nname = "acme"\n'
CAREFUL = (
    "import mlsm\n\n@mlsm.model(version='1', failing=mlsm.Failing(on_failure='default', score=1, "
    "breaker=mlsm.Breaker(share=0.1)))\ndef careful(x: int):\n    return 1.0\n"
)


def test_nothing_stands_in_unless_said(project: Written) -> None:
    """A project that says nothing has the defaults."""
    assert Failing() == project.load().catalog["fit@1.0"].failing


def test_the_project_speaks_for_all_models(project: Written) -> None:
    """Thresholds and what stands in are said once; what a model's code says of itself stays."""
    said = '[breaker]\nshare = 0.2\nwindow = 500\ndraft_window = 50\n[failing]\non_failure = "last_good"\n'
    catalog = project.write(HEAD + said, careful=CAREFUL).load().catalog
    breaker = Breaker(share=0.2, window=500, draft_window=50)
    assert Failing(on_failure="last_good", breaker=breaker) == catalog["fit@1.0"].failing
    assert Failing(on_failure="default", score=1, breaker=Breaker(share=0.1)) == catalog["careful@1"].failing


def test_a_model_may_have_rules_of_its_own(project: Written) -> None:
    """A version goes before a name, a name before the code and the default."""
    said = (
        '[failing.models]\nfit = "last_good"\n"fit@1.0" = {max_failed = 0.3, share = 0.9}\n'
        'careful = {on_failure = "skip", max_invalid = 0.1}\n'
    )
    catalog = project.write(HEAD + said, careful=CAREFUL).load().catalog
    expected = Failing(on_failure="last_good", max_failed=0.3, breaker=Breaker(share=0.9))
    assert expected == catalog["fit@1.0"].failing
    assert Failing(max_invalid=0.1, breaker=Breaker(share=0.1)) == catalog["careful@1"].failing


def test_it_is_no_part_of_the_digest(project: Written) -> None:
    """The same model answers the same, whatever is done where it fails."""
    digest = project.load().catalog["fit@1.0"].digest
    changed = project.write(HEAD + '[failing]\non_failure = "last_good"\n').load().catalog["fit@1.0"]
    assert "last_good" == changed.failing.on_failure
    assert digest == changed.digest


@pytest.mark.parametrize(
    ("said", "line", "told"),
    [
        ("[breaker]\nshare = 2", 4, "is 2; expected a share from 0 to 1"),
        ("[breaker]\nwindow = 0", 4, "is 0; expected 1 or more"),
        ("[breaker]\ncooldown = -1", 4, "is -1; expected 0 or more"),
        ("[breaker]\nshere = 0.5", 4, "has no key 'shere'"),
        ('[failing]\non_failure = "default"', 4, "'default'; expected 'skip' or 'last_good'"),
        ('[failing.models]\nfti = "last_good"', 4, "names the model 'fti'"),
        ("[failing.models]\nfit = 3", 4, "is the number 3; expected a word or a table"),
        ('[failing.models]\nfit = "last"', 4, "on_failure is the text 'last'"),
        ("[failing.models.fit]\nmax_faild = 0.1", 4, "has no key 'max_faild'"),
        ("[failing.models.fit]\nmax_failed = 5", 4, "max_failed is the number 5"),
        ('[failing.models.fit]\non_failure = "default"', 3, "neither score nor label is there"),
        ("[failing.models.fit]\nscore = 1.0", 3, "a value stands in only with on_failure 'default'"),
    ],
)  # fmt: skip
def test_every_mistake_is_told_with_its_line(project: Written, said: str, line: int, told: str) -> None:
    """Each comes with its place and a way out."""
    problems = project.write(f"{HEAD}{said}\n").mistakes()
    assert any(f"mlsm.toml:{line}: " in problem and told in problem and "Hint: " in problem for problem in problems), (
        problems
    )
