"""The log of a run."""

from __future__ import annotations

import errno
import json
import traceback
from pathlib import Path

import pytest

from mlsm.cli.log import RunLog, log_folder, read_log, without_messages


def test_a_log_is_named_after_its_run(tmp_path: Path) -> None:
    """Events before the run has an id wait, and bear it in the file."""
    with RunLog(None, tmp_path) as log:
        log.event("run started", purpose="live")
        log.begin("0198-run")
        log.event("part done", part=0)
    events = [json.loads(line) for line in (tmp_path / "0198-run.ndjson").read_text().splitlines()]
    assert [("run started", "0198-run"), ("part done", "0198-run")] == [(e["event"], e["run_id"]) for e in events]


def test_a_resumed_run_goes_on_with_its_log(tmp_path: Path) -> None:
    """A second try appends to the first one's file."""
    for _ in range(2):
        with RunLog(None, tmp_path) as log:
            log.begin("0198-run")
            log.event("part done", part=0)
    assert 2 == len(read_log(tmp_path / "0198-run.ndjson", "0198-run"))


def test_a_run_that_never_began_still_has_a_log(tmp_path: Path) -> None:
    """What happened before there was a run is in a file named by the time."""
    with RunLog(None, tmp_path) as log:
        log.event("run ended", state="interrupted")
    (file,) = tmp_path.iterdir()
    assert "run ended" == json.loads(file.read_text())["event"]


def test_a_line_cut_short_is_left_out(tmp_path: Path) -> None:
    """A log whose writer was killed is read up to there."""
    file = tmp_path / "run.ndjson"
    file.write_text('{"event":"part done","run_id":"run"}\n{"event":"pa')
    assert [{"event": "part done", "run_id": "run"}] == read_log(file, "run")


def test_home_chooses_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`MLSM_HOME` stands for the project's `.mlsm`."""
    monkeypatch.delenv("MLSM_HOME", raising=False)
    assert tmp_path / ".mlsm" / "logs" == log_folder(tmp_path)
    monkeypatch.setenv("MLSM_HOME", str(tmp_path / "home"))
    assert tmp_path / "home" / "logs" == log_folder(tmp_path)


def test_tracebacks_lose_their_messages() -> None:
    """Messages that quote a lead stay out of the log, of chained and long exceptions too."""
    lead = f"ada{chr(64)}example.com"  # not in one piece, since a frame shows its line of code
    try:
        try:
            float(lead)
        except ValueError as error:
            raise RuntimeError(f'{lead}\n  File "{lead}"\nand so on') from error
    except RuntimeError as error:
        error.add_note(f"of {lead}")
        kept = without_messages(traceback.format_exc())
    assert lead not in kept
    assert ["ValueError", "RuntimeError"] == [line for line in kept.splitlines() if line.endswith("Error")]


def test_no_run_ends_for_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    """A log that cannot even be opened is given up, with the reason at hand."""
    (tmp_path / "file").write_text("")
    with RunLog(None, tmp_path / "file") as log:
        log.event("run started")
        log.begin("0198-run")
        log.event("part done", part=0)
    assert isinstance(log.failure, FileExistsError)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_no_run_ends_for_a_log_on_a_full_disk(tmp_path: Path) -> None:
    """A log that fails in its midst is given up, too."""
    with RunLog("/dev/full", tmp_path) as log:
        log.begin("0198-run")
        log.event("part done", part=0)
        log.event("part done", part=1)
    assert (errno.ENOSPC, None) == (None if log.failure is None else log.failure.errno, log.path)
