"""`mlsm score --from URL --query SQL` scores what a database answers, and is taken up by ids."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import Any

import pytest

DYING = """

@model(version="3", status="active")
def dying(employees: int = 0):
    import os
    if "DIE_AT" in os.environ and employees == int(os.environ["DIE_AT"]):
        os.kill(os.getpid(), 9)
    return employees
"""
QUERY = ("--from", "sqlite:///crm.db", "--query", "SELECT * FROM leads ORDER BY place", "--id", "lead_id")


@pytest.fixture
def crm(project: Any) -> Any:
    """Give a project with a model that may kill its process, beside a database of leads."""
    project.models.write_text(project.models.read_text() + DYING)
    with closing(sqlite3.connect(project.folder / "crm.db")) as db:
        db.execute("CREATE TABLE leads (place, lead_id, email, owner, employees, country, page_views)")
        rows: list[tuple[Any, ...]] = [(n, f"lead {n}", "a", "b", n, "DE", n) for n in range(30)]
        rows += [(30, None, "a", "b", 1, "DE", 1), (31, "lead 3", "a", "b", 1, "DE", 1), (-1, None, "a", "b", 1, "", 1)]
        db.executemany("INSERT INTO leads VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        db.commit()
    return project


def test_a_query_is_scored_like_a_file(crm: Any) -> None:
    """The rows of the answer are leads; rows without an id and ids that came earlier are rejected."""
    done = crm.json("score", *QUERY)
    assert ("finished", 30, 3) == (done["state"], done["records"], done["rejected"])


@pytest.mark.parametrize("moved", [False, True], ids=["the same rows", "rows moved"])
def test_a_killed_run_is_taken_up_by_ids(crm: Any, moved: bool) -> None:
    """A resumed run skips ids that are stored, says so, and ends like an undisturbed one."""
    died = crm("score", *QUERY, "--workers", "0", env=os.environ | {"DIE_AT": "22"})
    assert -9 == died.returncode
    (begun,) = crm.json("runs")
    assert 4 <= begun["records"] < 30
    if moved:
        with closing(sqlite3.connect(crm.folder / "crm.db")) as db:
            db.execute("UPDATE leads SET place = -place WHERE lead_id IS NOT NULL AND lead_id != 'lead 3'")
            db.commit()
    told = crm.here("score", *QUERY, "--resume")
    assert "stored already and skipped" in told.stderr
    (run,) = crm.json("runs")
    assert ("finished", begun["run_id"], 30) == (run["state"], run["run_id"], run["records"])
    assert {"dying@3", "fit@1.2.0", "fit@2.0.0", "interest@1", "overall@1"} == {*run["counts"]}
    assert {30} == {sum(counted.values()) for counted in run["counts"].values()}
    assert moved or run["rejects"] == 3
    assert 0 == crm.here("store", "check").returncode


@pytest.mark.parametrize(
    "options",
    [
        ["--from", "sqlite:///crm.db"],
        [*QUERY[:4], "--id-row"],
        ["--from", "nothing://crm", "--query", "x"],
        ["--from", "sqlite:///crm.db", "--query", "SELECT broken"],
    ],
)
def test_half_a_question_is_refused(crm: Any, options: list[str]) -> None:
    """A mistake in what is asked ends with exit code 1 and a hint; nothing is stored."""
    done = crm.here("score", *options)
    assert (1, True, False) == (done.returncode, "Hint" in done.stderr, "Traceback" in done.stderr)
    assert [] == crm.json("runs")


@pytest.mark.parametrize(
    "url",
    [
        *("postgresql://ada:se@cret@db/x", "postgresql://ada:se/cret@db/x", "postgresql://db/x?password=hidden"),
        *("postgresql://ada:se cret@db/x", "--store=postgresql://ada:se cret@db/x"),
        *(
            "postgresql://db/x?schema=a&oauth_client_secret=hidden",
            "mongodb://db/x?tlsCertificateKeyFilePassword=hidden",
        ),
        "mongodb://db/x?authMechanismProperties=AWS_SESSION_TOKEN:hidden&tls=true",
    ],
)
def test_a_run_tells_no_password(url: str) -> None:
    """The command that a run remembers has no password, wherever in the URL it stood."""
    from mlsm.cli.opening import shown_url

    assert [] == [part for part in ("cret@", "hidden") if part in shown_url(url)]


@pytest.mark.parametrize("options", [["--query", "SELECT 1"], ["first.csv", *QUERY], []])
def test_a_command_with_no_input_or_two_is_wrong_usage(crm: Any, options: list[str]) -> None:
    """Files or a database: neither and both are wrong usage, exit code 2; nothing is stored."""
    done = crm.here("score", *options)
    assert (2, True, False) == (done.returncode, "usage" in done.stderr, "Traceback" in done.stderr)
    assert [] == crm.json("runs")
