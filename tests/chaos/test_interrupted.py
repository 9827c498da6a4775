"""Stopped with Ctrl-C or SIGTERM, a run closes in order, says how to go on, and goes on."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import polars as pl
import pytest
from tests.chaos.conftest import FIRST

SIGNALS = [
    pytest.param(signal.SIGINT, 130, "Interrupted.", id="SIGINT"),
    pytest.param(signal.SIGTERM, 143, "Terminated.", id="SIGTERM"),
]
INTERRUPTING = f"""\
import mlsm

@mlsm.model(version="1")
def interrupting(number: int) -> float:
    if number == {FIRST + 700}:
        raise KeyboardInterrupt
    return 1.0
"""


def stop(play: Any, arguments: Any, *numbers: signal.Signals, pause: float = 0, share: float = 0.4) -> Any:
    """Score until a share of the calls is made, and send signals; give what the process ended with and said."""
    with play.start(*arguments) as process:
        noted = play.noted()
        assert play.wait_for(lambda: noted() >= share * 6 * play.leads, process)
        for number in numbers:
            process.send_signal(number)
            time.sleep(pause)
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize(("number", "code", "said"), SIGNALS)
def test_a_stopped_run_is_closed_and_goes_on(
    number: signal.Signals, code: int, said: str, play: Any, reference: Any
) -> None:
    """The exit code tells which signal; nothing half written is left; the resume comes to the same end."""
    before = {path.name for path in play.folder.iterdir()}
    assert (code, "", ["What was scored is kept. Go on with the same command and --resume.", said]) == told(
        stop(play, play.command, number)
    )
    assert {"mlsm.db", "calls", ".mlsm"} == {path.name for path in play.folder.iterdir()} - before
    (run,) = play.runs()
    committed = play.done()
    assert ("interrupted", True, True) == (run.state, 0 < run.parts_done < 16, (0, "draft") in committed)
    assert ("interrupted", "run ended") == tuple(play.log(run.run_id)[-1][name] for name in ("state", "event"))

    done = play.run(*play.command, "--resume", calls="later calls")
    assert 0 == done.returncode, done.stderr
    assert (run.run_id, True) == tuple(json.loads(done.stdout)[name] for name in ("run_id", "resumed"))
    assert set() == play.lanes("later calls") & committed
    reference.content.check_same(play.content())
    assert reference.out.equals(play.out())


@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_who_presses_twice_need_not_wait(pause: float, play: Any, reference: Any) -> None:
    """A second Ctrl-C, whenever it comes, ends the process without a traceback; the run shows as interrupted."""
    code, out, err = stop(play, play.command, signal.SIGINT, signal.SIGINT, pause=pause)
    # The second may come when Python is about to leave, and is then the system's to handle.
    assert code in (130, -signal.SIGINT), err
    assert ("", False) == (out, "Traceback" in err)
    assert ["interrupted"] == [run.state for run in play.runs()]
    assert not (play.folder / "out.parquet").exists()
    assert 0 == play.score("--resume").returncode
    reference.content.check_same(play.content())


def test_a_stopped_run_leaves_whole_parts_in_a_folder(play: Any, reference: Any) -> None:
    """Of a folder of parts, each file that is there is whole; the resume writes them all."""
    arguments = (*play.command[:-1], "out/")
    stop(play, arguments, signal.SIGTERM)
    files = sorted((play.folder / "out").iterdir())
    assert [f"part-{number:05}.parquet" for number in range(len(files))] == [file.name for file in files]
    parts = [play.comparable(pl.read_parquet(file)) for file in files]
    assert 0 < len(parts) < 16
    assert reference.out.head(sum(part.height for part in parts)).equals(pl.concat(parts))
    assert 0 == play.run(*arguments, "--resume").returncode
    assert reference.out.equals(play.comparable(pl.read_parquet(play.folder / "out" / "*.parquet")))


def test_a_stop_before_the_run_begins_stores_nothing(play: Any) -> None:
    """Ctrl-C while models are being loaded leaves no run."""
    play.models.write_text(
        play.models.read_text() + '\nCALLS.write(b"loaded 5000000\\n")\nimport time\ntime.sleep(9)\n'
    )
    with play.start(*play.command) as process:
        assert play.wait_for(play.noted(), process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (130, "\nInterrupted.\n", False) == (process.returncode, err, play.database.exists())


SWALLOWS = """

@model(version="1", status="active")
def swallows(number: int):
    try:
        while "SLOW" in os.environ and number == 5_000_200:
            note("fit@1", 5_000_000)
            time.sleep(0.01)
    except:
        return -1
    return 1
"""


@pytest.mark.parametrize(("number", "code", "said"), SIGNALS)
def test_what_a_model_answers_to_a_signal_is_not_kept(number: signal.Signals, code: int, said: str, play: Any) -> None:
    """A model that swallows every exception does not swallow Ctrl-C: its part is not stored, and the run stops."""
    play.models.write_text(play.models.read_text() + SWALLOWS)
    with play.start(*play.command, slow=True) as process:
        # The lead of row 200 is in the third part.
        assert play.wait_for(lambda: play.calls()["fit@1", 0] > 5, process, pause=0.02)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert (code, True) == (process.returncode, said in err)
    assert {part for part, _ in play.done()} <= {0, 1}
    assert 0 == play.score("--resume").returncode
    assert {"swallows@1": {"ok": 1178}}.items() <= play.content().counts.items()


def told(ended: tuple[int, str, str]) -> tuple[int, str, list[str]]:
    """Give code, data, and the lines of talk."""
    code, out, err = ended
    return code, out, [line for line in err.splitlines() if line]


def test_an_interrupt_that_a_model_raises_is_told_from_a_persons_in_a_worker_alone(play: Any) -> None:
    """In the command's own process it ends the run, which goes on; in a worker it is an `error` of that record."""
    (play.folder / "models" / "interrupting.py").write_text(INTERRUPTING)
    stopped = play.run(*play.command, "--workers", "0")
    assert (130, False) == (stopped.returncode, "Traceback" in stopped.stderr)
    assert "Go on with the same command and --resume." in stopped.stderr
    (run,) = play.runs()
    assert "interrupted" == run.state
    done = play.run(*play.command, "--resume", "--workers", "1")
    assert 0 == done.returncode, done.stderr
    (run,) = play.runs()
    found = {str(outcome): count for outcome, count in run.counts["interrupting@1"].items() if count}
    assert (1, {"ok", "error"}) == (found["error"], set(found))
