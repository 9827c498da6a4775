"""In a process that scores record by record a breaker lasts, and after a while finds out whether all is well again."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import mlsm
from mlsm import Breaker, Failing, Outcome
from mlsm.engine.order import Prepared
from mlsm.engine.record import score_record
from mlsm.service.preparing import prepared

START = datetime(2026, 11, 22, tzinfo=UTC)
BREAKER = Breaker(share=0.5, window=10, draft_share=0.5, draft_window=4, cooldown=30)


@dataclass
class Play:
    """A catalog of a model that fails when told to, and one that never does, scored at chosen times."""

    status: str = "active"
    wrong: bool = True
    calls: int = 0
    now: datetime = START
    ready: Prepared = field(init=False)

    def __post_init__(self) -> None:
        def shaky(x: int) -> dict[str, Any]:
            self.calls += 1
            if self.wrong:
                raise ValueError("again")
            return {"score": float(x), "label": "A"}

        def good(x: int) -> float:
            return x * 2.0

        failing = Failing(breaker=BREAKER)
        models = [
            mlsm.model(version="1", status=self.status, failing=failing)(shaky),
            mlsm.model(version="1", status="active")(good),
        ]
        self.ready = prepared(mlsm.Catalog(models))

    def outcomes(self, times: int, x: Any = 1) -> list[str]:
        found = []
        for _ in range(times):
            shaky, good = score_record(self.ready, "7", {"x": x}, as_of=START, scored_at=self.now)
            assert good.outcome is (Outcome.OK if isinstance(x, int) else Outcome.INVALID)
            found.append(shaky.outcome.value)
        return found


@pytest.mark.parametrize(("status", "called"), [("active", 6), ("draft", 3)])
def test_a_model_that_keeps_failing_is_spared(status: str, called: int) -> None:
    """Once its breaker is open it is skipped at once, while the others go on."""
    play = Play(status)
    assert play.outcomes(20) == ["error"] * called + ["skipped"] * (20 - called)
    assert play.calls == called


def test_what_is_skipped_says_why() -> None:
    """The error names the share and the window."""
    play = Play()
    play.outcomes(6)
    error = score_record(play.ready, "7", {"x": 1}, as_of=START, scored_at=START)[0].error
    assert error is not None
    assert error.type == "BreakerOpen"
    assert error.message == "Not called: more than 50% of 10 calls failed among the last ones, so the breaker is open."


def test_after_the_cool_down_one_call_finds_out() -> None:
    """A model that still fails is spared for another cool-down; one that is well is called again."""
    play = Play()
    play.outcomes(6)
    play.now = START + timedelta(seconds=31)
    assert play.outcomes(3) == ["error", "skipped", "skipped"]
    play.wrong = False
    assert play.outcomes(1) == ["skipped"]
    play.now += timedelta(seconds=31)
    assert play.outcomes(3) == ["ok", "ok", "ok"]
    play.wrong = True
    assert play.outcomes(7) == ["error"] * 6 + ["skipped"]


def test_a_record_on_which_it_is_not_called_tells_nothing() -> None:
    """An invalid record is invalid under an open breaker too, and leaves it open."""
    play = Play()
    play.outcomes(6)
    assert play.outcomes(1, x="many") == ["invalid"]
    play.now += timedelta(seconds=31)
    assert play.outcomes(1, x="many") == ["invalid"]
    assert play.outcomes(2) == ["error", "skipped"]


def test_a_clock_that_is_set_back_does_not_keep_it_open() -> None:
    """A time before that of the opening ends the cool-down."""
    play = Play()
    play.outcomes(6)
    play.now, play.wrong = START - timedelta(days=1), False
    assert play.outcomes(2) == ["ok", "ok"]


def test_rare_failures_open_nothing() -> None:
    """The window slides with the records that were scored."""
    play = Play()
    for turn in range(40):
        play.wrong = turn % 2 == 0
        play.outcomes(1)
    assert play.calls == 40


def test_a_kept_catalog_remembers() -> None:
    """`mlsm.score_one` with a catalog that is kept has one breaker over all calls."""
    calls = []

    def draft(x: int) -> float:
        calls.append(x)
        raise ValueError

    catalog = mlsm.Catalog([mlsm.model(version="1")(draft)])
    outcomes = [mlsm.score_one(catalog, {"id": "7", "x": 1})[0].outcome for _ in range(150)]
    assert len(calls) == 101
    assert outcomes.count(Outcome.SKIPPED) == 49
