"""Whether a runtime keeps its promises: one check a behaviour, for runtimes of one's own too.

from mlsm.testing import check_runtime

def test_our_runtime():
    check_runtime(lambda: load_ours("fit.ours"), records)
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from mlsm._catalog import Catalog
from mlsm._equality import near
from mlsm._fields import Field
from mlsm._model import Model
from mlsm._result import Outcome, Reasons, Result
from mlsm.service import score, score_one
from mlsm.testing.equality import assert_same

__all__ = ["RUNTIME_CHECKS", "RuntimeCheck", "check_runtime"]

Records: TypeAlias = Sequence[Mapping[str, Any]]
RuntimeCheck: TypeAlias = "Callable[[Callable[[], Model], Records, float], None]"
"""A check: it is handed what loads the model, good records with an `id`, and how near scores must be."""

_NUMBERS = ("int", "float")
_FINE = (Outcome.OK, Outcome.ABSTAINED)
_UNSEEN = "a value never seen"
_ALL = 10_000
_EXACT = 1e-6
"""How near reasons must come to the score wherever they are exact."""


def both_paths_agree(load: Callable[[], Model], records: Records, tolerance: float) -> None:
    """Records scored one by one get the results that they get together."""
    _agreeing(_active(load), records, tolerance)


def records_are_scored(load: Callable[[], Model], records: Records, tolerance: float) -> None:  # noqa: ARG001 - one shape
    """Good records get a score, or the model abstains."""
    for result in _together(_active(load), records):
        _expect(result.outcome in _FINE, _told(result))


def batch_may_be_empty_or_of_one(load: Callable[[], Model], records: Records, tolerance: float) -> None:
    """No record gives no result, one record one."""
    catalog = _active(load)
    _expect(_together(catalog, []) == [], "An empty batch gave results.")
    assert_same(_together(catalog, records)[:1], _together(catalog, records[:1]), exact=False, tolerance=tolerance)


def neighbours_change_nothing(load: Callable[[], Model], records: Records, tolerance: float) -> None:
    """In another order and in other company each record gets the same result."""
    catalog = _active(load)
    expected = _together(catalog, records)
    assert_same(expected, list(reversed(_together(catalog, records[::-1]))), exact=False, tolerance=tolerance)
    half = len(records) // 2
    split = [*_together(catalog, records[:half]), *_together(catalog, records[half:])]
    assert_same(expected, split, exact=False, tolerance=tolerance)


def holes_are_taken_as_declared(load: Callable[[], Model], records: Records, tolerance: float) -> None:
    """A null or a missing column is `invalid` exactly where the field is required."""
    catalog = _active(load)
    for field in _model(catalog).inputs:
        for holed in (_changed(records, field, None), _without(records, field)):
            for result in _agreeing(catalog, holed, tolerance):
                expected = (Outcome.INVALID,) if field.required else _FINE
                _expect(result.outcome in expected, f"with no {field.column!r}: {_told(result)}")


def numbers_may_be_text(load: Callable[[], Model], records: Records, tolerance: float) -> None:
    """Numbers that come as text, as from CSV, and whole numbers for floats give the same results."""
    catalog = _active(load)
    expected = _together(catalog, records)
    texts = [dict(record) for record in records]
    wholes = [dict(record) for record in records]
    for field in (field for field in _model(catalog).inputs if field.kind.name in _NUMBERS):
        for text, whole in zip(texts, wholes, strict=True):
            value = text.get(field.column)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                text[field.column] = repr(value)
                whole[field.column] = int(value) if float(value).is_integer() else value
    assert_same(expected, _agreeing(catalog, texts, tolerance), exact=False, tolerance=tolerance)
    assert_same(expected, _agreeing(catalog, wholes, tolerance), exact=False, tolerance=tolerance)


def unseen_text_stays_alone(load: Callable[[], Model], records: Records, tolerance: float) -> None:
    """Text that no training held fails its own record at most."""
    catalog = _active(load)
    for field in (field for field in _model(catalog).inputs if field.kind.name == "str"):
        mixed = [{**records[0], field.column: _UNSEEN}, *records[1:]]
        found = _agreeing(catalog, mixed, tolerance)
        assert_same(_together(catalog, records)[1:], found[1:], exact=False, tolerance=tolerance)


def other_columns_are_ignored(load: Callable[[], Model], records: Records, tolerance: float) -> None:
    """A column that is no field changes nothing, and no record is changed."""
    catalog = _active(load)
    handed = [{**record, "no field of it": [1]} for record in records]
    before = copy.deepcopy(handed)
    assert_same(_together(catalog, records), _agreeing(catalog, handed, tolerance), exact=False, tolerance=tolerance)
    _expect(handed == before, "A record was changed.")


def digest_is_steady(load: Callable[[], Model], records: Records, tolerance: float) -> None:
    """Loaded twice, the model has one digest and gives one answer."""
    one, other = _active(load), _active(load)
    _expect(
        _model(one).digest == _model(other).digest,
        f"The digest was {_model(one).digest!r}, then {_model(other).digest!r}.",
    )
    assert_same(_together(one, records), _together(other, records), exact=False, tolerance=tolerance)


def reasons_add_up(load: Callable[[], Model], records: Records, tolerance: float) -> None:
    """With reasons the scores stay; where reasons are exact they add up to them, however short the list is."""
    catalog = _active(load)
    expected = _together(catalog, records)
    scale = float(getattr(_model(catalog), "options", {}).get("scale", 1.0))
    for most in (1, _ALL):
        for plain, result in zip(expected, score(catalog, records, id="id", reasons=most), strict=True):
            _expect((plain.score is None) == (result.score is None), f"with reasons: {_told(result)}")
            if plain.score is not None and result.score is not None:
                same = near(plain.score, result.score, tolerance=tolerance)
                _expect(same, f"with reasons the score is {result.score!r}; it was {plain.score!r}")
                _add_up(result.reasons, result.score, most, scale)


def _add_up(reasons: Reasons | None, score: float, most: int, scale: float) -> None:
    if reasons is None:
        raise AssertionError(f"The score {score!r} has no reasons.")
    _expect(len(reasons.items) <= most, f"{len(reasons.items)} reasons where {most} were asked for")
    told = _linked(reasons, scale)
    _expect(near(told, score, tolerance=_EXACT), f"the reasons add up to {told!r}; the score is {score!r}")


RUNTIME_CHECKS: Mapping[str, RuntimeCheck] = MappingProxyType(
    {
        check.__name__: check
        for check in (
            records_are_scored,
            both_paths_agree,
            batch_may_be_empty_or_of_one,
            neighbours_change_nothing,
            holes_are_taken_as_declared,
            numbers_may_be_text,
            unseen_text_stays_alone,
            other_columns_are_ignored,
            digest_is_steady,
            reasons_add_up,
        )
    }
)
"""All checks by name, so that each can be a test of its own."""


def check_runtime(load: Callable[[], Model], records: Records, *, tolerance: float = 1e-9) -> None:
    """Run every check on one model of a runtime.

    Args:
        load: loads the model, anew each time.
        records: a few dozen records that satisfy its fields, with every field present.
        tolerance: how near two scores of one record must be, relative to the greater or 1:
            1e-6 for runtimes that count in float32.

    Raises:
        AssertionError: checks failed; all of them are named, each with what was found.

    Example:
        >>> from mlsm import model
        >>> @model(version="1")
        ... def fit(employees: int, country: str | None = None):
        ...     return employees / 10
        >>> check_runtime(lambda: fit, [{"employees": 5, "country": "DE"}, {"employees": 70, "country": "FR"}])
    """
    numbered = [{**record, "id": f"r{place}"} for place, record in enumerate(records)]
    failed = []
    for name, check in RUNTIME_CHECKS.items():
        try:
            check(load, numbered, tolerance)
        except Exception as error:  # noqa: BLE001 - a stranger's runtime may raise anything: that is a failure
            failed.append(f"{name}: {type(error).__name__}: {error}")
    if failed:
        raise AssertionError("\n".join([f"{len(failed)} of {len(RUNTIME_CHECKS)} checks failed:", *failed]))


def _expect(condition: object, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _active(load: Callable[[], Model]) -> Catalog:
    """Load the model into a catalog of its own, which makes it ready once."""
    return Catalog([load().with_status("active")])


def _model(catalog: Catalog) -> Model:
    (model,) = catalog.values()
    return model


def _together(catalog: Catalog, records: Records) -> list[Result]:
    return list(score(catalog, records, id="id"))


def _agreeing(catalog: Catalog, records: Records, tolerance: float) -> list[Result]:
    """Score together and one by one, and hold the one against the other."""
    together = _together(catalog, records)
    alone = [result for record in records for result in score_one(catalog, record, id="id")]
    assert_same(together, alone, exact=False, tolerance=tolerance)
    return together


def _changed(records: Records, field: Field, value: Any) -> list[dict[str, Any]]:
    return [{**record, field.column: value} for record in records]


def _without(records: Records, field: Field) -> list[dict[str, Any]]:
    return [{name: value for name, value in record.items() if name != field.column} for record in records]


def _linked(reasons: Reasons, scale: float) -> float:
    total = math.fsum([reasons.baseline, reasons.other, *(item.contribution for item in reasons.items)])
    return total if reasons.scale == "score" else scale / (1.0 + math.exp(-total))


def _told(result: Result) -> str:
    return f"{result.key} gave {result.outcome} to {result.record_id!r}: {result.error}"
