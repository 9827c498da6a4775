"""The commands that read: list, fields, lead, runs, export."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import polars as pl
import pytest

from mlsm.stores.sqlite import SqliteStore
from mlsm.testing._stores.samples import begun, commit, day, entry, plan_of, result

RESULT_KEYS = {
    *("record_id", "model", "version", "status", "outcome", "score", "label", "output", "reasons", "error"),
    *("substitute", "given", "run_id", "as_of", "scored_at"),
}


def rows(text: str) -> list[dict[str, str]]:
    """Read CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def test_list_shows_every_version(project: Any) -> None:
    """A row a version: kind, status, fields, source; a summary names what it stands on."""
    lines = project.here("list").stdout.splitlines()
    assert ["model", "version", "kind", "status", "from", "fields"] == lines[0].split()
    assert ["fit", "1.2.0", "function", "active"] == lines[1].split()[:4]
    assert [True, True] == [".py:fit " in lines[1], lines[1].endswith(" employees, country")]
    told = {f"{row['model']}@{row['version']}": row for row in project.json("list")}
    assert ["fit@1.2.0", "interest@1"] == told["overall@1"]["models"]
    assert {"active": 3, "draft": 1} == {
        status: sum(row["status"] == status for row in told.values()) for status in ("active", "draft")
    }


def test_fields_merges_the_models(project: Any) -> None:
    """A column read by two models is one row that says what each makes of it."""
    (employees,) = (row for row in project.json("fields")["fields"] if row["column"] == "employees")
    assert {
        "column": "employees",
        "type": "int >= 0 or int",
        "if_empty": "required or empty means 0",
        "models": ["fit@1.2.0", "fit@2.0.0"],
        "required": True,
    } == employees


def test_fields_of_a_file_tells_what_is_missing(project: Any) -> None:
    """With a file it says which columns are there, which are missing, and which nobody reads."""
    (project.folder / "some.csv").write_text("lead_id,employees,shoe_size\n1,2,3\n")
    done = project.here("fields", "some.csv")
    assert "Required and not there: page_views." in done.stderr
    assert "There, and read by no model: shoe_size." in done.stderr
    told = project.json("fields", "some.csv")
    assert ([True, False, False], ["shoe_size"]) == ([row["present"] for row in told["fields"]], told["extra"])


def test_lead_shows_what_sales_sees_and_why(scored: Any) -> None:
    """One score a model with reasons as signed lines, versions below, then the history."""
    lines = scored.here("lead", "001").stdout.splitlines()
    assert ["Lead 001", "  email: ada@new.example.com", "  owner: Kim", "", "What sales sees"] == lines[:5]
    assert "  overall   100" == lines[5]
    assert ["  fit       80  A", "      +10  to begin with", "      +70  size of the firm (employees)"] == lines[6:9]
    history = lines[lines.index("History") + 2 :]
    assert [("2026-11-03", "trial"), ("2026-11-02", "live"), ("2026-11-01", "live")] == [
        (line.split()[0], line.split()[2]) for line in history
    ]
    assert ["120 100 A 20", "100 80 A 20", "120 100 A 20"] == [" ".join(line.split()[3:7]) for line in history]


def test_lead_says_why_there_is_no_score(scored: Any) -> None:
    """A failed model's error and a skipped summary's culprit are told."""
    said = scored.here("lead", "004").stdout
    assert "ValueError: no such country XX" in said
    assert "fit@1.2.0" in said.partition("overall")[2]
    said = scored.here("lead", "003").stdout
    assert "employees: missing, expected int >= 0" in said


def test_a_run_that_scores_a_lead_more_than_once_has_a_row_each_time(scored: Any) -> None:
    """In a run that stays open, or an import, each time has its own values."""
    store = SqliteStore(scored.folder / "mlsm.db")
    run_id = begun(store, plan_of(entry("online@1")))
    for part, score in enumerate((11.5, 22.5)):
        commit(store, run_id, part, [result("001", "online@1", score)], as_of=day(part))
    store.dispose()
    shown = scored.here("lead", "001").stdout
    rows = [line.split()[:4] for line in shown.splitlines() if run_id in line]
    assert [["2026-01-02", "06:30", "live", "22.5"], ["2026-01-01", "06:30", "live", "11.5"]] == rows


def test_lead_as_json_has_results_in_their_shape(scored: Any) -> None:
    """The document holds score, current and history as results, the kept columns and the runs."""
    told = scored.json("lead", "001")
    assert {"email": "ada@new.example.com", "owner": "Kim"} == told["kept"]
    assert [("overall", 100.0), ("fit", 80.0), ("interest", 20.0)] == [(r["model"], r["score"]) for r in told["score"]]
    assert (4, 12) == (len(told["current"]), len(told["history"]))
    assert {frozenset(RESULT_KEYS)} == {frozenset(result) for result in told["history"]}
    assert ["trial", "live", "live"] == [run["purpose"] for run in told["runs"]]


@pytest.mark.parametrize("lead", ["1", "999", "", "x\x1b[2J"])
def test_an_unknown_lead_is_1_with_a_hint(scored: Any, lead: str) -> None:
    """An id is taken byte for byte; one that was never scored is an error without traceback."""
    done = scored.here("lead", lead)
    assert (1, "") == (done.returncode, done.stdout)
    assert ("Hint:" in done.stderr, "Traceback" in done.stderr, "\x1b" in done.stderr) == (True, False, False)


def test_runs_lists_them_newest_first(scored: Any) -> None:
    """Every run has a row with its purpose, leads and rejects; `--json` has all of it."""
    table = scored.here("runs").stdout.splitlines()
    assert ["trial", "live", "live"] == [line.split()[4] for line in table[1:]]
    told = scored.json("runs")
    assert [(8, 2), (3, 0), (8, 2)] == [(run["records"], run["rejects"]) for run in told]


def test_one_run_tells_where_it_came_from(scored: Any) -> None:
    """Counts, digests of models, hash of the input, clock and versions of packages are shown."""
    run = scored.json("runs")[-1]
    said = scored.here("runs", run["run_id"][:13]).stdout
    for part in (
        "as of      2026-11-01 00:00 UTC",
        "first.csv",
        "sha256:",
        "polars: ",
        "command: mlsm score first.csv",
    ):
        assert part in said
    assert run == scored.json("runs", run["run_id"])


def test_errors_of_a_run_have_traceback_and_leads(scored: Any) -> None:
    """Distinct failures come with count, leads, and the frames of what was raised."""
    run_id = scored.json("runs")[-1]["run_id"]
    said = scored.here("runs", run_id, "--errors").stdout
    assert "fit@1.2.0  error  1 lead\n  ValueError: no such country XX\n  leads: 004\n" in said
    assert ', in fit\n        raise ValueError(f"no such country {country}")' in said
    notes = scored.json("runs", run_id, "--errors")
    assert [1, 1, 1, 1, 3] == [note["count"] for note in notes]
    assert [True] == ["ValueError" in note["trace"] for note in notes if note["outcome"] == "error"]


def test_rejects_of_a_run_are_told_afterwards(scored: Any) -> None:
    """Each row that was not scored is shown with its line and the reason, long after the run."""
    live, first = (run["run_id"] for run in scored.json("runs")[1:])
    said = scored.json("runs", first, "--rejects")
    assert [("first.csv", 7, None), ("first.csv", 8, "001")] == [
        (one["source"], one["line"], one["record_id"]) for one in said
    ]
    table = scored.here("runs", first, "--rejects").stdout
    assert [one["reason"] for one in said] == [
        line[-len(one["reason"]) :] for one, line in zip(said, table.splitlines()[1:], strict=True)
    ]
    assert ("", "No row was rejected") == ((none := scored.here("runs", live, "--rejects")).stdout, none.stderr[:19])
    assert f"mlsm runs {first[:13]} --rejects" in scored.here("runs", first).stderr


@pytest.mark.parametrize("option", ["--errors", "--rejects"])
def test_an_option_of_one_run_without_its_id_is_refused(scored: Any, option: str) -> None:
    """An option that would do nothing is refused: whoever wrote it meant something."""
    told = scored.here("runs", option)
    assert (1, "", True) == (told.returncode, told.stdout, "there is no ID" in told.stderr)


def test_an_unknown_run_is_1(scored: Any) -> None:
    """A run that is not there is an error of the user's."""
    assert 1 == scored.here("runs", "ffff").returncode


def test_reading_works_while_a_model_is_broken(scored: Any) -> None:
    """What reads results needs no model: lead, runs and export go on."""
    scored.models.write_text("this is no Python")
    codes = [scored.here(*line).returncode for line in (["lead", "001"], ["runs"], ["export", "-"], ["list"])]
    assert [0, 0, 0, 1] == codes


def test_export_writes_every_usable_score(scored: Any) -> None:
    """By default a row a score of now, with kept columns, and the count of what was left out."""
    done = scored.here("export", "-")
    read = rows(done.stdout)
    assert [("001", "ada@new.example.com", "fit", "80.0", "A")] == [
        tuple(row[name] for name in ("record_id", "email", "model", "score", "label"))
        for row in read
        if (row["record_id"], row["model"]) == ("001", "fit")
    ]
    assert {"ok"} == {row["outcome"] for row in read}
    assert ("19 scores written.", True) == (done.stderr.splitlines()[0], "8 scores left out" in done.stderr)


def test_export_wide_has_the_same_columns_whatever_failed(scored: Any) -> None:
    """A row a lead, a column a model in the catalog's order, even one that nothing fills."""
    scored.here("export", "--wide", "wide.parquet")
    wide = pl.read_parquet(scored.folder / "wide.parquet")
    models = ["fit", "fit.label", "interest", "interest.label", "overall", "overall.label"]
    assert ["record_id", "email", "owner", *models] == wide.columns
    scored.models.write_text(scored.models.read_text().replace('"C"]', '"C", "of nobody yet"]'))
    assert 0 == scored.here("export", "--wide", "--label", "of nobody yet", "empty.csv").returncode
    assert ",".join(wide.columns) + "\n" == (scored.folder / "empty.csv").read_text()


def test_export_with_failed_keeps_every_lead(scored: Any) -> None:
    """`--with-failed` has leads without a score too, with the outcome."""
    read = rows(scored.here("export", "--with-failed", "--wide", "-").stdout)
    assert 9 == len(read)
    assert {"fit": "", "fit.outcome": "error"}.items() <= next(r for r in read if r["record_id"] == "004").items()


def test_export_can_be_narrowed(scored: Any) -> None:
    """Models, labels, one run, and single versions choose what is written."""
    fit = rows(scored.here("export", "--models", "fit", "--label", "A,B", "-").stdout)
    assert ({"fit"}, {"A", "B"}) == ({row["model"] for row in fit}, {row["label"] for row in fit})
    draft = rows(scored.here("export", "--models", "fit@2.0.0", "-").stdout)
    assert {("fit", "2.0.0", "draft")} == {(row["model"], row["version"], row["status"]) for row in draft}
    trial = scored.json("runs")[0]["run_id"]
    assert {trial} == {row["run_id"] for row in rows(scored.here("export", "--run", trial, "-").stdout)}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--label", "X"], "The scores have no label 'X'; there is 'A', 'B', 'C'."),
        (["--label", "A,X", "--wide"], "The scores have no label 'X'; there is 'A', 'B', 'C'."),
        (["--label", "A", "--models", "interest"], "The scores of interest have no label 'A'; they have no label"),
    ],
    ids=["unknown", "one of two", "of another model"],
)
def test_export_refuses_a_label_that_no_model_gives(scored: Any, arguments: list[str], said: str) -> None:
    """A misspelt label is the user's mistake, as a misspelt model is; yesterday's file stays."""
    file = scored.folder / "hot.csv"
    file.write_text("yesterday's")
    done = scored.here("export", "hot.csv", *arguments)
    assert (1, True, "yesterday's") == (done.returncode, said in done.stderr, file.read_text())


def test_a_label_that_nobody_has_any_more_is_no_mistake(scored: Any) -> None:
    """Where a model once gave a label, an export of it is empty and all is well, whether or not models load."""
    header = (scored.folder / "second.csv").read_text().splitlines()[0]
    (scored.folder / "third.csv").write_text(f"{header}\n001,,,1,DE,1,\n007,,,1,DE,1,\n")
    assert 0 == scored.here("score", "third.csv").returncode
    scored.models.write_text("this is no Python, so that nobody declares a label")
    codes = [scored.here("export", "--label", label, "x.csv").returncode for label in ("A", "X")]
    assert ([0, 1], []) == (codes, rows((scored.folder / "x.csv").read_text()))


def test_export_of_what_changed(scored: Any) -> None:
    """`--changed-since` leaves out scores that are what that run said."""
    first = scored.json("runs")[-1]["run_id"]
    read = rows(scored.here("export", "--changed-since", first, "-").stdout)
    assert [("001", "fit"), ("001", "overall"), ("009", "fit"), ("009", "interest"), ("009", "overall")] == sorted(
        (row["record_id"], row["model"]) for row in read
    )


def test_export_as_json_gives_results(scored: Any) -> None:
    """`--json` on stdout is NDJSON in the shape of results."""
    lines = scored.here("export", "-", "--json").stdout.splitlines()
    assert (19, RESULT_KEYS) == (len(lines), {*json.loads(lines[0])})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--models", "nope", "-"], "No model 'nope'"), (["x.xls"], "'.xls'"), (["--run", "ffff", "-"], "ffff")],
    ids=["model", "format", "run"],
)
def test_export_refuses_what_is_not_there(scored: Any, arguments: list[str], said: str) -> None:
    """A misspelt name is an error, not an empty file."""
    done = scored.here("export", *arguments)
    assert (1, True) == (done.returncode, said in done.stderr)


def test_export_before_any_run_is_refused(project: Any) -> None:
    """Where nothing was scored no empty file stands over yesterday's."""
    done = project.here("export", "scores.csv")
    assert (1, False) == (done.returncode, (project.folder / "scores.csv").exists())


def test_a_small_probability_beside_points_keeps_its_digits(project: Any) -> None:
    """Each score has a scale of its own, and so the decimals that show it."""
    share = '\n\n@model(version="1", status="active")\ndef share(employees: int):\n    return employees / 6250\n'
    project.models.write_text(project.models.read_text() + share)
    (project.folder / "one.csv").write_text("lead_id,employees,page_views\n1,250,3\n")
    scored = project.here("score", "one.csv", "--force")
    assert 0 == scored.returncode, scored.stderr
    table = project.here("lead", "1").stdout.partition("What each model version says")[2]
    rows = {line.split()[0]: line.split()[1:4] for line in table.splitlines() if "@" in line}
    assert (["active", "ok", "0.04"], ["active", "ok", "50"]) == (rows["share@1"], rows["fit@1.2.0"])
