"""Killed with SIGKILL at any moment, a run goes on as if nothing had happened."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest

from mlsm.contracts import Selection

Lanes = frozenset[tuple[int, str]]

BOTH = ("active", "draft")


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When to kill: after a share of the calls that are left, and some time on.

    Args:
        share: of the calls that are left.
        delay: in parts, so that a kill may come at any point of the writing, which lags behind the calls.
        between: then wait until the active lane of a part is committed and its draft lane is not.
    """

    share: float
    delay: float
    between: bool


@dataclass(frozen=True, kw_only=True)
class Hit:
    """What a kill met: whether the run was under way, and whether a part was half written."""

    under_way: bool
    half: bool
    aimed: bool


def draw(random_: random.Random, *, between: bool) -> Moment:
    """Draw a moment between the first part's beginning and the run's end."""
    return Moment(share=random_.random() * (0.6 if between else 1), delay=2 * random_.random(), between=between)


@pytest.mark.parametrize(
    ("kills", "aimed", "seed"),
    [pytest.param(5, 2, 2016, id="5 kills"), pytest.param(50, 10, 2026, id="50 kills", marks=pytest.mark.chaos)],
)
@pytest.mark.timeout(900)
def test_a_killed_run_resumes_to_the_same_end(kills: int, aimed: int, seed: int, reference: Any, new_play: Any) -> None:
    """Wherever a run is killed, its resume calls no model of a committed lane again and ends in the same results."""
    random_ = random.Random(seed)
    between = [number < aimed for number in range(kills)]
    random_.shuffle(between)
    moments = [draw(random_, between=one) for one in between]
    hits: list[Hit] = []
    while len(hits) < kills:
        first = len(hits)
        hits += play_through(moments[first : first + random_.randint(1, 3)], reference, new_play())
    assert sum(hit.under_way for hit in hits) > 0.7 * kills, hits
    assert any(hit.half for hit in hits), hits
    assert kills < 20 or any(hit.half for hit in hits if not hit.aimed), hits


def play_through(moments: list[Moment], reference: Any, play: Any) -> list[Hit]:
    """Kill one run at some moments and let it end; whatever it left in between must be whole."""
    hits: list[Hit] = []
    killed = True
    while killed and len(hits) < len(moments):
        moment, calls = moments[len(hits)], f"calls {len(hits)}"
        before = play.done()
        left = sum(count for call, count in reference.calls.items() if not committed(call, before, play.part_rows))
        killed = kill(play, moment, calls=calls, count=1 + int(moment.share * left), reference=reference)
        after = play.done()
        check_calls(play.calls(calls), before, play.part_rows)
        if killed:
            check_held(play, after, reference)
        half = {part for part, _ in after} - whole(after)
        hits.append(Hit(under_way=killed and bool(play.calls(calls)), half=killed and bool(half), aimed=moment.between))
    if killed:
        finish(play, reference)
    reference.content.check_same(play.content())
    assert reference.out.equals(play.out())
    return hits


def kill(play: Any, moment: Moment, *, calls: str, count: int, reference: Any) -> bool:
    """Begin or resume the run and kill it at a moment; False where it came to its end before."""
    # Without workers, who would take it up where its process died, calls tell how far the run is.
    with play.start(*play.command, "--resume", "--workers", "0", calls=calls) as process:
        noted = play.noted(calls)
        play.wait_for(lambda: noted() >= count, process, pause=0.0005)
        time.sleep(moment.delay * reference.seconds_a_part)
        if moment.between:
            with closing(play.connect()) as db:
                play.wait_for(lambda: held_half_written(process, db), process, pause=0.0005)
        process.kill()
        process.communicate()
    return process.returncode == -signal.SIGKILL and not any(run.state == "finished" for run in play.runs())


def held_half_written(process: Any, db: sqlite3.Connection) -> bool:
    """Hold a process still where one lane of a part is committed and the other is not; tell whether it is."""
    asked = "SELECT count(*) % 2 FROM lane"
    if not db.execute(asked).fetchone()[0]:
        return False
    process.send_signal(signal.SIGSTOP)
    # It may have gone on between the look and the signal.
    if db.execute(asked).fetchone()[0]:
        return True
    process.send_signal(signal.SIGCONT)
    return False


def finish(play: Any, reference: Any) -> None:
    """Resume the run to its end: exactly the calls that are missing are made."""
    before = play.done()
    done = play.run(*play.command, "--resume", calls="calls")
    assert 0 == done.returncode, done.stderr
    told = json.loads(done.stdout)
    assert (True, "finished", len(whole(before))) == (told["resumed"], told["state"], told["skipped_parts"])
    for name in ("records", "rejected", "parts", "counts", "rejects", "failed_share", "degraded"):
        assert reference.told[name] == told[name]
    made = play.calls("calls")
    check_calls(made, before, play.part_rows)
    assert {call for call in reference.calls if not committed(call, before, play.part_rows)} == set(made)


def check_calls(calls: Any, before: Lanes, part_rows: int) -> None:
    """Assert that no committed lane was scored again, and no record twice by a model of rows."""
    assert [] == [call for call in calls if committed(call, before, part_rows)]
    assert [] == [call for call, count in calls.items() if count > 1 and "interest" not in call[0]]


def committed(call: tuple[str, int], lanes: Lanes, part_rows: int) -> bool:
    """Tell whether the lane that a call belongs to is among those committed."""
    key, row = call
    return (row // part_rows, "active" if key.endswith("@1") else "draft") in lanes


def whole(lanes: Lanes) -> set[int]:
    """Give the parts of which both lanes are committed."""
    return {part for part, _ in lanes if all((part, lane) in lanes for lane in BOTH)}


def check_held(play: Any, lanes: Lanes, reference: Any) -> None:
    """Assert that a killed run shows as interrupted, and that its committed lanes are whole and right."""
    store = play.open()
    try:
        entry = store.runs()[0]
        assert "interrupted" == entry.state
        assert len({part for part, _ in lanes}) == entry.parts_done
        frames = store.results(entry.run_id, Selection())
        for part, frame in zip(sorted({part for part, _ in lanes}), frames, strict=True):
            held = [lane for lane in BOTH if (part, lane) in lanes]
            expected = reference.content.parts[part].filter(pl.col("status").is_in(held))
            assert expected.equals(play.comparable(frame))
    finally:
        store.dispose()
    assert not (play.folder / "out.parquet").exists() or reference.out.equals(play.out())
