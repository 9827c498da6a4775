"""Two paths, one meaning: one record alone, and the same record among others."""

from collections import Counter

from hypothesis import given, seed
from tests.laws.effort import effort
from tests.laws.functions import FRAMES, STYLES
from tests.laws.generators import Case, cases, events_of
from tests.laws.values import KINDS

import mlsm
from mlsm.testing import assert_same

_TURNS = 4
"""Hypothesis draws from the constants of whatever modules are loaded, so one turn may miss a rare event."""
_CALLS = ("fields", "data", *FRAMES)
EVENTS = {
    *(f"{call} {outcome}" for call in _CALLS for outcome in ("ok", "abstained", "invalid", "error")),
    *(f"summary of {call} {outcome}" for call in _CALLS for outcome in ("ok", "abstained", "error", "skipped")),
    *(f"kind {kind}" for kind in KINDS),
    *(f"depth {depth}" for depth in range(4)),
    *(f"status {status}" for status in ("active", "draft", "retired")),
    *(f"problem {problem}" for problem in ("missing", "wrong type", "out of range", "not finite", "not a date")),
    *(f"type {name}" for name in ("AnswerError", "InvalidRecord", "KeyError", "Skipped", "StopIteration")),
    *(f"type {name}" for name in ("SystemExit", "UnspeakableError", "ValueError")),
    *("score", "label", "output", "reasons", "require", "when", "when with as_of", "as_of", "two versions"),
    *("nested", "flat", "alias", "default", "optional", "required", "range", "labels", "mutates", *STYLES),
    *("several problems", "nested path", "own words", "plain words"),
}


def test_record_path_and_batch_path_agree_on_every_result() -> None:
    """A record scored alone gets the results that it gets among others; all that can happen did."""
    seen: Counter[str] = Counter()

    @effort(150)
    @given(cases())
    def agree(case: Case) -> None:
        catalog = case.catalog
        alone = [result for record in case.records for result in mlsm.score_one(catalog, record, **case.options)]
        together = mlsm.score(catalog, case.records, part_rows=case.part_rows, **case.options)
        assert_same(alone, together, exact=True)
        seen.update(events_of(case, tuple(alone)))

    for turn in range(_TURNS):
        seed(turn)(agree)()
        if not _lacking(seen):
            break
    assert [] == _lacking(seen)


def _lacking(seen: Counter[str]) -> list[str]:
    return sorted(event for event in EVENTS if seen[event] < 2)
