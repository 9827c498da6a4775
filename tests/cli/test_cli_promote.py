"""Compare, promote, roll back, and tell what was active: as one types it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import Cli

from mlsm.cli.history import end_of
from mlsm.project.promotion import active_in, project_text


def test_two_versions_are_compared_by_their_stored_results(scored: Cli) -> None:
    """The comparison counts leads, outcomes and moves, as a table and as JSON."""
    found = scored.json("compare", "fit@1.2.0", "fit@2.0.0")
    assert found["pairs"] == 9
    assert found["outcomes"]["fit@1.2.0"] == {"ok": 6, "invalid": 2, "error": 1}
    shown = scored.here("compare", "fit@1.2.0", "fit@2.0.0", "--threshold", "50")
    assert shown.returncode == 0, shown.stderr
    assert "Largest moves" in shown.stdout


def test_a_diff_tells_what_becomes_of_empty_values_and_which_columns_are_read(project: Cli) -> None:
    """A field of the same type may read another column, or take another value where that is empty."""
    project.models.write_text(
        project.models.read_text()
        + '\n\nfrom mlsm import Alias\n\n\n@model(version="3", name="fit")\n'
        + 'def fit_3(employees: Annotated[int, Alias("Staff")] = 9):\n    return employees / 8\n'
    )
    (row,) = project.json("diff", "fit@2.0.0", "fit@3")["fields"]
    assert row == {
        "field": "employees",
        "change": "changed",
        "first": "int, optional, empty means 0",
        "second": "int, optional, empty means 9, from column 'Staff'",
    }


def test_one_run_alone_can_be_compared(scored: Cli) -> None:
    """With --run only the leads of that run count."""
    run = scored.json("runs")[1]["run_id"]
    assert scored.json("compare", "fit@1.2.0", "fit@2.0.0", "--run", run)["pairs"] == 3


def test_a_version_that_was_never_scored_is_refused(scored: Cli) -> None:
    """An unknown version is told with those there are."""
    done = scored.here("compare", "fit@1.2.0", "fit@9")
    assert done.returncode == 1
    assert "No model 'fit@9' was scored yet" in done.stderr
    assert "There is fit@1.2.0, fit@2.0.0" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "fti@2.0.0", "fit@1.2.0"],
        ["diff", "fti@2.0.0", "fit@1.2.0"],
        ["plan", "fti@2.0.0"],
        ["promote", "fti@2.0.0"],
        ["history", "ift"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_name_that_nothing_has_is_answered_with_the_nearest(scored: Cli, arguments: list[str]) -> None:
    """Whoever mistypes a name reads the one that was meant."""
    done = scored.here(*arguments)
    assert done.returncode == 1
    assert re.search("Hint: Did you mean .*'fit(@2.0.0)?'", done.stderr)


@pytest.mark.parametrize(
    ("date", "read"),
    [
        ("2026-11-24", "2026-11-24T23:59:59.999999+00:00"),
        ("20261124", "2026-11-24T23:59:59.999999+00:00"),
        ("2026-W48-2", "2026-11-24T23:59:59.999999+00:00"),
        ("2026-W48", "2026-11-29T23:59:59.999999+00:00"),
        ("2026W48", "2026-11-29T23:59:59.999999+00:00"),
        ("2026-11-24T10:00", "2026-11-24T10:00:00+00:00"),
        ("2026-11-24 10:00+02:00", "2026-11-24T08:00:00+00:00"),
    ],
)
def test_a_moment_is_read_however_iso_writes_it(date: str, read: str) -> None:
    """A day or a week means its end, and a time without a zone is UTC."""
    assert end_of(date).isoformat() == read


@pytest.mark.parametrize("date", ["yesterday", "2026-11", "9999-12-31T23:59-23:00", "0001-01-01T00:00+05:00"])
def test_a_moment_that_is_none_is_wrong_usage(scored: Cli, date: str) -> None:
    """Also one that no calendar has in UTC."""
    done = scored.here("history", "--at", date)
    assert (done.returncode, "is no time; expected" in done.stderr) == (2, True)


def test_a_version_is_promoted_and_taken_back(scored: Cli) -> None:
    """Promotion changes the statuses, a rollback restores them and tells who still carries the score."""
    before = project_text(scored.folder)
    done = scored.here("promote", "fit@2.0.0", "--reason", "a try", "--require", "ok_rate>=active")
    assert done.returncode == 0, done.stderr
    assert active_in(project_text(scored.folder)) == {"fit": "2.0.0"}
    assert {(row["version"], row["status"]) for row in scored.json("list")} >= {("2.0.0", "active"), ("1.2.0", "draft")}
    assert scored.here("score", "second.csv", "--as-of", "2026-11-05").returncode in (0, 4)
    back = scored.json("rollback", "--reason", "too many")
    assert back["still_carrying"] == 3
    assert back["score_again"] == "mlsm score second.csv --as-of 2026-11-05"
    assert active_in(project_text(scored.folder)) == {"fit": "1.2.0"}
    assert project_text(scored.folder).startswith(before)


def test_a_gate_that_fails_keeps_the_version_a_draft(scored: Cli) -> None:
    """Nothing changes, and the gate is told with its numbers."""
    before = project_text(scored.folder)
    done = scored.here("promote", "fit@2.0.0", "--require", "largest_move<1", "--require", "ok_rate>=active")
    assert done.returncode == 1
    assert "FAILS  largest_move<1: is" in done.stderr
    assert project_text(scored.folder) == before


def test_a_version_that_fails_its_checks_is_not_promoted(scored: Cli) -> None:
    """A model that raises for valid records stays what it is."""
    scored.models.write_text(
        scored.models.read_text()
        + '\n\n@model(version="3", name="fit")\ndef fit_3(employees: int):\n    return 1 / employees\n'
    )
    done = scored.here("promote", "fit@3")
    assert done.returncode == 1
    assert "fails its checks" in done.stderr
    assert not active_in(project_text(scored.folder))


def test_a_version_whose_fields_are_not_in_the_data_is_not_promoted(scored: Cli) -> None:
    """The fields that the input scored last lacks are named."""
    scored.models.write_text(
        scored.models.read_text()
        + '\n\n@model(version="4", name="fit")\ndef fit_4(shoe_size: int):\n    return min(shoe_size, 9)\n'
    )
    done = scored.here("promote", "fit@4")
    assert done.returncode == 1
    assert "it needs 'shoe_size'" in done.stderr


def test_the_history_answers_from_the_runs(scored: Cli) -> None:
    """What was active at a moment is what the last run before it said; the history file is held against it."""
    scored.here("promote", "fit@2.0.0", "--reason", "a try")
    (row,) = scored.json("history", "fit", "--at", "2999-01-01")
    assert (row["active"], row["by_history_file"], row["disagrees"]) == ("1.2.0", "2.0.0", False)
    scored.here("score", "second.csv")
    (row,) = scored.json("history", "fit", "--at", "2999-01-01")
    assert (row["active"], row["disagrees"]) == ("2.0.0", False)
    (row,) = scored.json("history", "fit", "--at", "2001-01-01")
    assert row["active"] is None
    told = scored.here("history", "fit")
    assert "a try" in told.stdout


def test_a_history_file_that_disagrees_with_the_runs_is_told(scored: Cli) -> None:
    """Whoever rewrites the file cannot rewrite what ran: the run is right, and the answer says that they differ."""
    scored.here("promote", "fit@2.0.0")
    scored.here("score", "second.csv")
    history = scored.folder / "mlsm-history.ndjson"
    text = history.read_text()
    assert '"to":"2.0.0"' in text
    history.write_text(text.replace('"to":"2.0.0"', '"to":"1.2.0"'))
    (row,) = scored.json("history", "fit", "--at", "2999-01-01")
    assert (row["active"], row["disagrees"]) == ("2.0.0", True)
    assert "mlsm-history.ndjson disagrees" in scored.here("history", "fit", "--at", "2999-01-01").stdout
    assert "the history file disagrees" in " ".join(row["why"] for row in scored.json("history", "fit"))


def test_a_promotion_during_a_run_changes_nothing_of_it(project: Cli) -> None:
    """The model itself has another version promoted: the run goes on with the statuses with which it began."""
    text = project.models.read_text()
    promote = "subprocess.run([sys.executable, '-m', 'mlsm', 'promote', 'fit@2.0.0'], check=True)"
    body = f"    import subprocess, sys\n    if country == 'DE' and employees == 500:\n        {promote}\n"
    project.models.write_text(text.replace('    print("a model prints")\n', body))
    project.here("score", "first.csv", "--workers", "1", "--out", "out.ndjson")
    assert active_in(project_text(project.folder)) == {"fit": "2.0.0"}
    results = map(json.loads, (project.folder / "out.ndjson").read_text().splitlines())
    said = {(result["version"], result["status"]) for result in results if result["model"] == "fit"}
    assert said == {("1.2.0", "active"), ("2.0.0", "draft")}


def test_a_promotion_can_be_committed(scored: Cli) -> None:
    """With --commit the project's own files are committed, and nothing else."""

    def git(*arguments: str) -> str:
        whose = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        done = subprocess.run(
            ["git", *whose, *arguments], cwd=scored.folder, capture_output=True, text=True, check=True
        )
        return done.stdout

    git("init", "--quiet")
    git("config", "user.name", "Ada")
    git("config", "user.email", "ada@example.com")
    git("add", "mlsm.toml")
    git("commit", "--quiet", "--message", "begin")
    done = scored.here("promote", "fit@2.0.0", "--commit", "--reason", "a try")
    assert done.returncode == 0, done.stderr
    assert git("log", "-1", "--format=%s").strip() == "Promote fit@2.0.0: a try"
    names = git("show", "--name-only", "--format=").split()
    assert names == ["mlsm-history.ndjson", "mlsm.toml"]


def test_a_commit_that_git_refuses_says_what_became_of_the_change(
    scored: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change stands; that it is not committed is told with git's reason."""
    (tmp_path / "gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    subprocess.run(["git", "init", "--quiet"], cwd=scored.folder, check=True)
    done = scored.here("promote", "fit@2.0.0", "--commit")
    assert done.returncode == 1
    assert "The change is made, but not committed" in done.stderr
    assert active_in(project_text(scored.folder)) == {"fit": "2.0.0"}


def test_a_commit_outside_of_a_repository_says_what_became_of_the_change(scored: Cli, tmp_path: Path) -> None:
    """The change stands, and that it is not committed is told."""
    done = scored.here("promote", "fit@2.0.0", "--commit")
    assert done.returncode == 1
    assert "The change is made, but not committed" in done.stderr
    assert active_in(project_text(scored.folder)) == {"fit": "2.0.0"}
