"""`mlsm init` and `mlsm demo`: projects that work, and folders that are left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlsm.cli.demo import MARKER


@pytest.mark.parametrize("options", [[], ["--example"]], ids=["plain", "example"])
def test_a_new_project_scores_at_once(cli_in: Any, tmp_path: Path, options: list[str]) -> None:
    """What `mlsm init` writes can be listed, scored and looked at."""
    cli = cli_in(tmp_path)
    done = cli("init", "new", *options)
    assert (0, True) == (done.returncode, "new/mlsm.toml" in done.stdout.splitlines())
    inside = cli_in(tmp_path / "new")
    codes = [inside.here(*line).returncode for line in (["list"], ["fields", "leads.csv"], ["runs"])]
    assert [0, 0, 0] == codes
    scored = inside("score", "leads.csv", "--json")
    assert scored.returncode in (0, 4)
    assert json.loads(scored.stdout)["records"] > 0


def test_a_folder_of_models_that_is_not_read_is_told(cli_in: Any, tmp_path: Path) -> None:
    """A model in a folder below that of the models does not run, and `mlsm list` says so; packages may lie there."""
    cli_in(tmp_path).here("init", "new")
    for file in ("marketing/fit.py", "shared/__init__.py", "shared/points.py", "tests/test_fit.py"):
        (tmp_path / "new/models" / file).parent.mkdir(exist_ok=True)
        (tmp_path / "new/models" / file).write_text("import mlsm\n")
    told = [line for line in cli_in(tmp_path / "new").here("list").stderr.splitlines() if "not looked into" in line]
    assert ["models/marketing is not looked into; if it holds models, name it in [models] paths."] == told


def test_a_folder_with_files_is_left_alone(cli_in: Any, tmp_path: Path) -> None:
    """Neither command touches a folder that holds something of somebody else's."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").write_text("years of work")
    codes = [cli_in(tmp_path).here(command, "taken").returncode for command in ("init", "demo")]
    assert ([1, 1], ["thesis.txt"]) == (codes, [path.name for path in (tmp_path / "taken").iterdir()])


def test_the_demo_shows_counts_bands_the_best_and_what_failed(cli_in: Any, tmp_path: Path) -> None:
    """The demo scores its leads for real and tells the rest in a page."""
    done = cli_in(tmp_path)("demo", "--rows", "600")
    assert 0 == done.returncode, done.stderr
    titles = [
        "Results by model version",
        "Whom to call: priority@1.0, by band",
        "The 10 best leads",
        "What failed and why",
    ]
    assert titles == [line for line in done.stdout.splitlines() if line in titles]
    assert "fit@2.0.0       draft" in done.stdout
    for part in ("592 leads scored, 8 rows rejected", "mlsm lead ", "--errors", "mlsm export --wide"):
        assert part in done.stderr


def test_the_demo_replaces_its_own_folder_only(cli_in: Any, tmp_path: Path) -> None:
    """A second demo takes the place of the first; without its mark nothing is removed."""
    cli = cli_in(tmp_path)
    first, second = (json.loads(cli.here("demo", "--rows", "200", "--json").stdout) for _ in range(2))
    assert first["bands"] == second["bands"]
    assert first["run_id"] != second["run_id"]
    (tmp_path / "mlsm-demo" / MARKER).unlink()
    assert 1 == cli.here("demo", "--rows", "200").returncode
    assert (tmp_path / "mlsm-demo" / "mlsm.db").exists()


def test_the_demo_as_json_is_one_document(cli_in: Any, tmp_path: Path) -> None:
    """Bands add up to the leads; the best come first, with their reasons."""
    told = json.loads(cli_in(tmp_path).here("demo", "--rows", "400", "--seed", "7", "--json").stdout)
    assert told["records"] == sum(told["bands"].values())
    scores = [result["score"] for result in told["best"]]
    assert (10, sorted(scores, reverse=True), True) == (len(scores), scores, bool(told["best"][0]["reasons"]["items"]))


def test_the_demo_wants_enough_leads(cli_in: Any, tmp_path: Path) -> None:
    """A number of leads that the example refuses is a matter of usage."""
    assert 2 == cli_in(tmp_path).here("demo", "--rows", "7").returncode
