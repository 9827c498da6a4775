"""Workers killed at any moment cost time and nothing else; a killed parent leaves none behind."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable
from typing import Any

import psutil
import pytest


def children(process: Any) -> list[psutil.Process]:
    """Give the processes that a process has started."""
    try:
        found: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return found


def reached(noted: Callable[[], int], calls: int, process: Any) -> Callable[[], bool]:
    """Give what tells whether so many calls were made and a worker is there to be killed."""
    return lambda: noted() >= calls and bool(children(process))


@pytest.mark.parametrize(
    ("kills", "seed"),
    [pytest.param(3, 2016, id="3 kills"), pytest.param(50, 2026, id="50 kills", marks=pytest.mark.chaos)],
)
@pytest.mark.timeout(900)
def test_killed_workers_change_no_result(kills: int, seed: int, reference: Any, new_play: Any) -> None:
    """Workers are killed at random moments: every run completes, with the results of an undisturbed one."""
    random_ = random.Random(seed)
    done = 0
    while done < kills:
        play = new_play()
        calls = sum(reference.calls.values())
        moments = sorted(random_.randrange(calls) for _ in range(random_.randint(1, 3)))
        with play.start(*play.command, "--workers", "2") as process:
            for moment in moments:
                # A part that is scored twice is noted twice: moments go by what was called, not by what is done.
                play.wait_for(reached(play.noted(), moment, process), process)
                alive = children(process)
                if alive:
                    random_.choice(alive).kill()
                    done += 1
            out, err = process.communicate(timeout=240)
        assert 0 == process.returncode, err
        assert reference.told["counts"] == json.loads(out)["counts"]
        reference.content.check_same(play.content())
        assert reference.out.equals(play.out())


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_number_of_workers_changes_no_result(workers: int, play: Any, reference: Any) -> None:
    """What is stored, written and told is that of a run in one process, whatever the number of workers."""
    done = play.score("--workers", str(workers))
    assert 0 == done.returncode, done.stderr
    assert reference.told["counts"] == json.loads(done.stdout)["counts"]
    reference.content.check_same(play.content())
    assert reference.out.equals(play.out())


def test_a_run_goes_on_with_another_number_of_workers(play: Any, reference: Any) -> None:
    """A run that was killed with two workers resumes with one, to the results of an undisturbed run."""
    with play.start(*play.command, "--workers", "2", calls="first") as process:
        play.wait_for(lambda: len(play.done()) > 4, process)
        workers = children(process)
        process.kill()
        process.communicate()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert [] == alive
    done = play.score("--resume", "--workers", "1", calls="second")
    assert 0 == done.returncode, done.stderr
    assert json.loads(done.stdout)["skipped_parts"] > 0
    reference.content.check_same(play.content())


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)], ids=["INT", "TERM", "KILL"]
)
def test_the_end_of_the_parent_is_the_end_of_its_workers(play: Any, number: int, code: int) -> None:
    """Interrupted with its whole group, terminated or killed, the command leaves no worker."""
    with play.start(*play.command, "--workers", "2", start_new_session=True) as process:
        noted = play.noted()
        assert play.wait_for(lambda: noted() > 100, process)
        workers = children(process)
        assert 2 == len(workers)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert code == process.returncode, err
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert [] == alive
