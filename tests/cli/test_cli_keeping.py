"""`mlsm forget`, `prune`, `store` and `lead --export`: what is held, and what is let go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def test_all_that_is_held_of_a_lead_is_handed_out(scored: Any) -> None:
    """`lead --export` writes results, kept columns and rejected rows as one JSON document."""
    done = scored.here("lead", "001", "--export")
    held = json.loads(done.stdout)
    assert ("001", {"ada@example.com", "ada@new.example.com"}) == (
        held["record_id"],
        {row["values"]["email"] for row in held["kept"]},
    )
    assert (12, 2) == (len(held["results"]), len(held["rejects"]))
    assert "Held of lead 001: 12 results, kept columns of 3 parts, inputs of 0 parts, 2 rejected rows." in done.stderr


def test_a_forgotten_lead_is_gone_and_stays_away(scored: Any) -> None:
    """`forget` removes a lead, a later run leaves it out and says so, and `--lift` lets it in again."""
    assert [] == [run for run in scored.json("runs") if {"errors", "rejects"} & run["report"].keys()]
    done = scored.here("forget", "001")
    assert "Forgot lead 001. Removed: 12 results, kept columns of 3 parts" in done.stdout
    assert 1 == scored.here("lead", "001").returncode
    assert [] == scored.json("store", "check")["faults"]
    again = scored.json("score", "second.csv", "--as-of", "2026-11-05")
    assert (2, 1) == (again["records"], again["rejected"])
    assert [("This record was forgotten on request.", None)] == [
        (reject["reason"], reject["record_id"]) for reject in again["rejects"]
    ]
    assert b"ada@" not in b"".join(file.read_bytes() for file in scored.folder.glob("mlsm.db*"))
    logs = [file for file in (scored.folder / ".mlsm").rglob("*") if file.is_file()]
    assert logs
    assert not any(b"ada@" in file.read_bytes() or b'"001"' in file.read_bytes() for file in logs)
    assert "Not touched: input files, files written by export, --out or --rejects" in done.stderr
    assert "may be scored again" in scored.here("forget", "--lift", "001").stdout
    assert "was not forgotten" in scored.here("forget", "001", "--lift").stdout
    assert 3 == scored.json("score", "second.csv", "--as-of", "2026-11-06")["records"]
    assert {"results": 4, "kept": 1, "inputs": 0, "rejects": 0} == scored.json("forget", "001")["removed"]


def test_pruning_keeps_what_sales_sees(scored: Any) -> None:
    """`prune` removes what was replaced; exports and the state of each lead stay the same."""
    before = scored.here("export").stdout, scored.json("lead", "002")["score"]
    done = scored.here("prune", "--keep-runs", "1")
    assert "Removed 8 results and 2 rejected rows of 1 run." in done.stdout
    assert before == (scored.here("export").stdout, scored.json("lead", "002")["score"])
    told = scored.json("runs")
    assert [0, 0, 10] == sorted(run["pruned"] for run in told)
    assert 0 == scored.here("store", "check").returncode
    assert {"runs": 0, "results": 0, "rejects": 0} == scored.json("prune", "--older-than", "1d")["removed"]


def test_pruning_says_how_much(scored: Any) -> None:
    """Without a measure, or with one that means nothing, `prune` is refused."""
    assert 2 == scored.here("prune").returncode
    wrong = scored.here("prune", "--older-than", "90")
    assert (2, True) == (wrong.returncode, "'90' is no period; expected hours, days or weeks" in wrong.stderr)
    assert "Hint: Say how much to keep" in scored.here("prune", "--keep-runs", "0").stderr


def test_a_project_says_how_long_results_are_kept(scored: Any) -> None:
    """With `[store] keep` each run prunes; a period that is none is a mistake of the file."""
    manifest = scored.folder / "mlsm.toml"
    text = manifest.read_text()
    manifest.write_text(text + '\n[store]\nkeep = "1h"\n')
    assert 0 == scored.json("score", "second.csv", "--as-of", "2026-11-07")["pruned"]
    manifest.write_text(text + '\n[store]\nkeep = "long"\n')
    wrong = scored.here("list").stderr
    assert "[store] keep is 'long'; expected a period such as '90d'." in wrong


def test_a_store_is_copied_whole(scored: Any, tmp_path: Path) -> None:
    """`store copy` brings everything to another store, which then tells the same."""
    scored.here("forget", "002")
    url = f"sqlite:///{tmp_path / 'copy.db'}"
    done = scored.here("store", "copy", "sqlite:///mlsm.db", url)
    assert "Copied 3 runs with 64 results and 4 rejected rows" in done.stdout, done.stderr
    for asked in (["lead", "001"], ["lead", "001", "--export"]):
        assert scored.here(*asked).stdout == scored.here(*asked, "--store", url).stdout
    assert "1 fault" not in scored.here("store", "check", "--store", url).stdout
    scored.here("score", "second.csv", "--store", url, "--as-of", "2026-11-09")
    refused = scored.here("store", "copy", "sqlite:///mlsm.db", url)
    assert (1, True) == (refused.returncode, "Hint: Name a store that is not there yet." in refused.stderr)


def test_faults_of_a_store_are_told(scored: Any) -> None:
    """`store check` names what does not add up, and ends with 1."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(scored.folder / "mlsm.db")) as db, db:
        db.execute("DELETE FROM result WHERE record = 1 AND place = 0")
    done = scored.here("store", "check")
    assert 1 == done.returncode
    assert "counts by model and outcome" in done.stdout


def test_runs_tell_size_and_growth(scored: Any) -> None:
    """Each run says what the store took after it, and by how much it grew."""
    newest = scored.json("runs")[0]["report"]
    assert newest["store_bytes"] > 0
    assert newest["store_bytes"] >= newest["store_grew"] >= 0
    assert "grew" in scored.here("runs").stdout
