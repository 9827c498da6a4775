"""`mlsm score`: what it stores, writes, tells, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

COUNTS = {
    "fit@1.2.0": {"ok": 5, "invalid": 2, "error": 1},
    "fit@2.0.0": {"ok": 7, "invalid": 1},
    "interest@1": {"ok": 6, "abstained": 2},
    "overall@1": {"ok": 5, "skipped": 3},
}


def test_a_run_is_counted_and_told(project: Any) -> None:
    """The table is data; what happened, what was rejected and what to do next is talk."""
    done = project("score", "first.csv")
    assert 4 == done.returncode  # overall@1 was skipped for three of eight leads
    assert [
        "model       status  ok  abstained  invalid  error  skipped",
        "fit@1.2.0   active   5          0        2      1        0",
        "fit@2.0.0   draft    7          0        1      0        0",
        "interest@1  active   6          2        0      0        0",
        "overall@1   active   5          0        0      0        3",
    ] == done.stdout.splitlines()[:5]
    for part in ("8 leads scored, 2 rows rejected", "line 7: The id is empty.", "overall@1 is active", "mlsm export"):
        assert part in done.stderr


def test_the_summary_as_json_is_one_document(project: Any) -> None:
    """`--json` gives counts, distinct errors, rejects and where the results are."""
    told = project.json("score", "first.csv")
    assert COUNTS == told["counts"]
    assert (8, 2, "finished", "live", ["overall@1"]) == (
        *(told[key] for key in ("records", "rejected", "state", "purpose", "degraded")),
    )
    assert {("fit@1.2.0", "error", "ValueError", "no such country XX", 1, ("004",))} == {
        (note["model"], note["outcome"], note["type"], note["message"], note["count"], tuple(note["first_ids"]))
        for note in told["errors"]
        if note["outcome"] == "error"
    }
    assert ["sqlite:///mlsm.db"] == told["results_in"]


def test_what_models_print_stays_out_of_the_data(project: Any) -> None:
    """A model that prints leaves the document on stdout whole."""
    done = project("score", "first.csv", "--json")
    assert "a model prints" not in done.stdout
    assert "a model prints" in done.stderr


def test_output_without_a_screen_has_no_escapes(project: Any) -> None:
    """Neither stream holds colour or a progress bar where it is no terminal."""
    done = project("score", "first.csv")
    assert (False, False) == ("\x1b" in done.stdout, "\x1b" in done.stderr)


def test_a_dry_run_stores_nothing(project: Any) -> None:
    """`--dry-run` counts rows, rejects and columns, and leaves no file behind."""
    before = sorted(project.folder.rglob("*.db*"))
    told = project.json("score", "first.csv", "--dry-run")
    assert (10, 2, {}) == (told["rows"], told["rejected"], told["missing"])
    options = {"format": "csv", "separator": ",", "encoding": "utf-8"}
    assert [("first.csv", 10, options)] == [(file["file"], file["rows"], file["options"]) for file in told["inputs"]]
    assert "8 leads would be scored" in project.here("score", "first.csv", "--dry-run").stderr
    assert before == sorted(project.folder.rglob("*.db*"))


def test_a_dry_run_tells_what_nobody_reads(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns that no model reads are named; of nested records `data` is what models read."""
    monkeypatch.setenv("MLSM_INPUT_SHAPE", "nested")
    monkeypatch.setenv("MLSM_RECORD_KEEP", "[]")
    (project.folder / "nested.ndjson").write_text('{"lead_id": "1", "data": {}, "note": "x"}\n')
    said = project.here("score", "nested.ndjson", "--dry-run", "--id", "lead_id").stdout
    assert ["unread    note"] == [line for line in said.splitlines() if line.startswith("unread")]


def test_results_go_to_a_file_besides(project: Any) -> None:
    """`--out` holds every result; `--wide` a row a lead; `--rejects` the rest."""
    project.here("score", "first.csv", "--out", "long.parquet", "--rejects", "rejects.csv", "--no-store")
    project.here("score", "first.csv", "--out", "wide.csv", "--wide", "--no-store")
    assert 32 == pl.read_parquet(project.folder / "long.parquet").height
    wide = list(csv.DictReader(io.StringIO((project.folder / "wide.csv").read_text())))
    assert ["001", "002", "003", "004", "005", "006", "007", "008"] == [row["record_id"] for row in wide]
    rejects = list(csv.DictReader(io.StringIO((project.folder / "rejects.csv").read_text())))
    assert [("7", ""), ("8", "001")] == [(row["line"], row["record_id"]) for row in rejects]
    assert not (project.folder / "mlsm.db").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--out", "./first.csv"],
        ["--rejects", "link.csv"],
        ["--out", "."],
        ["--out", "x.csv", "--rejects", "x.csv"],
        ["--rejects", "-"],
        ["--rejects", "nowhere/x.csv"],
    ],
    ids=" ".join,
)
def test_nothing_is_written_over_what_is_read(project: Any, options: list[str]) -> None:
    """An output that is the input, by whatever name, or another output, is refused before anything is scored."""
    (project.folder / "link.csv").symlink_to("first.csv")
    before = (project.folder / "first.csv").read_text()
    done = project.here("score", "first.csv", *options)
    assert (1, True) == (done.returncode, "Hint: " in done.stderr)
    assert (before, False) == ((project.folder / "first.csv").read_text(), (project.folder / "mlsm.db").exists())


def test_standard_input_is_named_once(project: Any) -> None:
    """Named twice, standard input is refused as that, not as a second input that is empty."""
    done = project.here("score", "-", "-")
    assert (1, "Standard input is named twice; expected one `-`.") == (done.returncode, done.stderr.splitlines()[0])


@pytest.mark.parametrize("options", [[], ["--no-store"]], ids=["store", "no store"])
def test_all_rejects_are_written(project: Any, options: list[str]) -> None:
    """The file has every reject, however many there are, with a store and without."""
    header = (project.folder / "first.csv").read_text().splitlines()[0]
    (project.folder / "twice.csv").write_text(f"{header}\n" + "7,,,1,DE,1,\n" * 1_502)
    manifest = project.folder / "mlsm.toml"
    manifest.write_text(manifest.read_text().replace("part_rows = 4", "part_rows = 400"))
    done = project.here("score", "twice.csv", "--rejects", "rejects.csv", *options)
    assert 0 == done.returncode, done.stderr
    assert 1_502 == len((project.folder / "rejects.csv").read_text().splitlines())


def test_results_can_go_to_stdout(project: Any) -> None:
    """With `--out -` stdout holds the results alone; the summary is talk."""
    done = project("score", "first.csv", "--no-store", "--out", "-")
    read = list(csv.DictReader(io.StringIO(done.stdout)))
    assert (32, True) == (len(read), "model       status  ok" in done.stderr)
    assert "Results are in standard output." in done.stderr


@pytest.mark.parametrize("options", [["--wide"], ["--no-store", "--resume"], ["--no-store", "--store", "x.db"]])
def test_options_that_would_do_nothing_are_refused(project: Any, options: list[str]) -> None:
    """An option without the other that it needs is an error, before anything is read."""
    done = project.here("score", "absent.csv", *options)
    assert (1, True) == (done.returncode, "--" in done.stderr)


def test_only_some_models_can_run(project: Any) -> None:
    """`--models` runs those named and all that they stand on."""
    assert {"fit@1.2.0", "interest@1", "overall@1"} == {
        *project.json("score", "first.csv", "--models", "overall")["counts"]
    }
    assert 1 == project.here("score", "first.csv", "--models", "nonsense").returncode


def test_a_future_clock_makes_a_trial_and_says_so(project: Any) -> None:
    """An `--as-of` that lies ahead never counts for what sales sees."""
    done = project.here("score", "first.csv", "--as-of", "2999-01-01")
    assert "this is a trial" in done.stderr
    assert ["trial"] == [run["plan"]["purpose"] for run in project.json("runs")]


def test_without_an_id_column_rows_are_numbered_on_request(project: Any) -> None:
    """No id is an error with the columns that there are; `--id-row` names leads by file and row."""
    manifest = project.folder / "mlsm.toml"
    manifest.write_text(manifest.read_text().replace('id = "lead_id"\n', ""))
    done = project.here("score", "first.csv")
    assert (1, True) == (done.returncode, "--id-row" in done.stderr)
    assert 10 == project.json("score", "first.csv", "--id-row")["records"]
    assert 0 == project.here("lead", "first:1").returncode


def test_standard_input_is_scored(project: Any) -> None:
    """`-` reads what is piped in, and finds out that it is CSV."""
    done = project("score", "-", "--json", input=(project.folder / "first.csv").read_text())
    assert COUNTS == json.loads(done.stdout)["counts"]


def test_missing_columns_are_refused_unless_forced(project: Any) -> None:
    """A file without a required column is refused with exit 1, and nothing is stored."""
    (project.folder / "poor.csv").write_text("lead_id,email,owner,page_views\n1,a,b,2\n")
    done = project.here("score", "poor.csv")
    assert (1, True, []) == (done.returncode, "employees" in done.stderr, project.json("runs"))
    assert project.here("score", "poor.csv", "--force").returncode in (0, 4)


def test_the_log_tells_events_without_personal_data(project: Any) -> None:
    """The run's log names parts, errors with frames, and the end; a lead's country stays out of it."""
    run_id = project.json("score", "first.csv")["run_id"]
    text = (project.folder / ".mlsm" / "logs" / f"{run_id}.ndjson").read_text()
    events = [json.loads(line) for line in text.splitlines()]
    assert ["run started", "error", "part done", "part done", "part done", "run ended"] == [e["event"] for e in events]
    assert ("no such country XX" in text, "raise ValueError" in text) == (False, True)


def test_the_log_can_go_to_stderr(project: Any) -> None:
    """`--log -` writes the events to stderr."""
    done = project.here("score", "first.csv", "--log", "-")
    assert '"event":"run ended"' in done.stderr


def test_a_mistake_in_the_project_is_told_in_place(project: Any) -> None:
    """Mistakes of mlsm.toml are told with their lines, exit 1."""
    manifest = project.folder / "mlsm.toml"
    manifest.write_text(manifest.read_text().replace("part_rows", "part_row"))
    done = project.here("score", "first.csv")
    assert (1, True) == (done.returncode, "mlsm.toml:12" in done.stderr)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_stopped_run_resumes(project: Any, number: signal.Signals, code: int) -> None:
    """A signal ends with its code, the run shows as interrupted, and `--resume` finishes it."""
    slow = """

@model(version="1")
def slow(page_views: int):
    import os, time
    time.sleep(0.1 if "SLOW" in os.environ else 0)
    return 1
"""
    models = project.models
    models.write_text(models.read_text() + slow)
    many = "".join(f"{n},a,b,{n},DE,{n},\n" for n in range(100, 180))
    (project.folder / "many.csv").write_text("lead_id,email,owner,employees,country,page_views,comment\n" + many)
    with subprocess.Popen(
        [sys.executable, "-m", "mlsm", "score", "many.csv"],
        cwd=project.folder,
        env=os.environ | {"SLOW": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        _wait_for_part(process, project.folder / ".mlsm" / "logs")
        os.kill(process.pid, number)
        _, talk = process.communicate(timeout=60)
    assert (code, True) == (process.returncode, "--resume" in talk)
    (run,) = project.json("runs")
    assert "interrupted" == run["state"]
    resumed = project.json("score", "many.csv", "--resume")
    assert (run["run_id"], "finished", True) == (resumed["run_id"], resumed["state"], resumed["resumed"])
    (run,) = project.json("runs")
    assert ("finished", 80) == (run["state"], run["records"])


def _wait_for_part(process: subprocess.Popen[str], folder: Path) -> None:
    """Wait until the first part of a run is noted."""
    while not any("part done" in file.read_text() for file in folder.glob("*.ndjson")):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)
