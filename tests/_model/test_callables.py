"""A model can be made of any callable whose parameters are known."""

from __future__ import annotations

from functools import partial

import pytest

from mlsm import model, score_one
from mlsm.errors import DeclarationError


class Scaled:
    """A callable object with an annotation that is no parameter's."""

    factor: float

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, size: int) -> float:
        return size * self.factor


def weighted(weight: float, size: int) -> float:
    return weight * size


@pytest.mark.parametrize(
    "function",
    [Scaled(2.0), partial(weighted, 2.0), partial(weighted, weight=2.0), partial(partial(weighted), 2.0)],
    ids=["an object", "a partial", "a partial by name", "a partial of a partial"],
)
def test_what_is_not_given_yet_is_a_field(function: object) -> None:
    """An object's parameters, and those that a partial leaves, are the fields."""
    made = model(version="1", name="scaled", status="active")(function)  # type: ignore[arg-type]
    (result,) = score_one([made], {"id": "1", "size": "3", "weight": "99"})
    assert (made.inputs.names, result.score) == (("size",), 6.0)


def test_a_callable_without_a_name_needs_one() -> None:
    """An object has no name of its own that a model could take."""
    with pytest.raises(DeclarationError, match='Pass name="…"'):
        model(version="1")(Scaled(2.0))
