"""What is said of a file has to be something that its kind reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sklearn.linear_model import LogisticRegression
from tests.runtimes.sklearn.bank import saved
from tests.runtimes.sklearn.leads import leads, won

import mlsm
from mlsm.errors import DeclarationError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of a logistic regression."""
    frame = leads()
    fitted = LogisticRegression().fit(frame[["employees", "visits"]], won(frame))
    return saved(fitted, tmp_path_factory.mktemp("options"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"clas": "won"},
            "has the option 'clas'; a file of the kind 'sklearn' takes output, class, .*\nHint: Did you mea",
        ),
        ({"tensor": "probabilities"}, "has the option 'tensor'"),
        ({"baseline": 3}, "is 3; expected values of fields, by name"),
        ({"baseline": {"visit": 3}}, "names 'visit'; expected fields of it: employees, visits.\nHint: Did you"),
        ({"baseline": {"visits": "often"}}, "visits: wrong type, expected float, got 'often'"),
    ],
    ids=["a misspelt option", "another kind's option", "no table", "a misspelt field", "a value that cannot be read"],
)
def test_what_would_be_left_unread_is_refused(path: Path, options: Any, said: str) -> None:
    """An option or a baseline that nothing reads would change nothing, without a word."""
    with pytest.raises(DeclarationError, match=said):
        mlsm.load(path, name="fit", version="1", **options)


def test_a_baseline_is_read_as_its_field_is(path: Path) -> None:
    """Text that is a number is that number."""
    model = mlsm.load(path, name="fit", version="1", baseline={"visits": "2", "employees": 7})
    assert {"visits": 2.0, "employees": 7} == model.options["baseline"]


@pytest.mark.parametrize("told", [{}, {"name": "fit"}, {"version": "1"}])
def test_a_fitted_model_needs_a_name_and_a_version(path: Path, told: Any) -> None:
    """Whoever leaves one out is told so, instead of being sent to look for a typing error in the path."""
    with pytest.raises(DeclarationError, match=r"expected name and version where it holds a fitted model"):
        mlsm.load(path, **told)
