"""New projects load, pass their own tests, and make of the sample leads what is told of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import mlsm
from mlsm import Outcome
from mlsm.errors import ProjectError
from mlsm.example.leads import AS_OF, broken_records, generate
from mlsm.example.project import LEADS, create
from mlsm.project import Project, load_project
from mlsm.project.keys import COLUMNS, KEYS
from mlsm.project.manifest import read_manifest

ROWS = 2_000


@pytest.fixture(scope="module", params=[False, True], ids=["basic", "sample"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a new project."""
    made = tmp_path_factory.mktemp("sample" if request.param else "basic") / "acme"
    create(made, example=request.param)
    return made


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Load a new sample project."""
    made = tmp_path_factory.mktemp("scored") / "acme"
    create(made, example=True)
    return load_project(made, {})


@pytest.fixture(scope="module")
def scores(sample: Project) -> mlsm.Scores:
    """Score two thousand sample leads, of which some are broken."""
    return mlsm.score(sample.catalog, generate(ROWS), id="lead_id", as_of=AS_OF, reading=sample.reading)


def test_files_written_are_those_told(tmp_path: Path) -> None:
    """What `create` returns is every file that is there, and nothing is left of the templates."""
    for example in (False, True):
        made = tmp_path / str(example)
        told = create(made, example=example)
        assert sorted(path for path in made.rglob("*") if path.is_file()) == told
        texts = [path for path in told if path.suffix != ".skops"]
        assert [] == [path for path in texts if path.suffix == ".template" or "{{" in path.read_text(encoding="utf-8")]


def test_basic_project_has_a_function_a_batch_model_and_a_summary(tmp_path: Path) -> None:
    """All three ways of writing a model are shown, and all are active."""
    create(tmp_path / "acme", example=False)
    project = load_project(tmp_path / "acme", {})
    kinds = {key: (model.kind, model.call, model.status) for key, model in project.catalog.items()}
    assert {
        "best@1.0": ("summary", "fields", "active"),
        "fit@1.0": ("function", "fields", "active"),
        "interest@1.0": ("function", "frame", "active"),
    } == kinds
    assert ("acme", "lead_id", ("email",)) == (project.name, project.id_column, project.keep)


def test_sample_project_has_active_models_a_draft_and_a_summary(sample: Project) -> None:
    """The draft of fit stands beside the active version."""
    statuses = {key: model.status for key, model in sample.catalog.items()}
    functions = ["engagement@1.0", "fit@1.2.0", "priority@1.0", "propensity@3.1", "recency@1.0"]
    active = dict.fromkeys([*functions, "conversion@1.0", "points@1.0"], "active")
    assert active | {"fit@2.0.0": "draft", "boosted@1.0": "draft"} == statuses


def test_own_tests_of_a_new_project_pass(folder: Path) -> None:
    """Plain pytest in the project's folder passes."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MLSM_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "passed" in done.stdout


def test_hostile_records_break_nothing_but_the_draft(folder: Path) -> None:
    """`mlsm check` passes for every active model, and finds the slips of the draft."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MLSM_")}
    command = [sys.executable, "-m", "mlsm", "check", "--json"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    failed = [entry["model"] for entry in json.loads(done.stdout) if not entry["passed"]]
    assert (["fit@2.0.0"] if "sample" in folder.parent.name else []) == failed


def test_code_of_a_new_project_is_clean(folder: Path) -> None:
    """The linter and the formatter have nothing to say of it."""
    for command in (["check"], ["format", "--check"]):
        line = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", "--line-length=120", str(folder)]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stdout + done.stderr


def test_basic_project_file_explains_every_key(tmp_path: Path) -> None:
    """With the commented keys put in place, every key is there and none is wrong."""
    create(tmp_path, example=False)
    file = tmp_path / "mlsm.toml"
    text = re.sub(r"(?m)^# (\w+ = )", r"\1", file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")
    values = tomllib.loads(text)
    actual = {(section, name) for section, inside in values.items() if section != COLUMNS for name in inside}
    assert {key.path for key in KEYS} == actual
    assert COLUMNS in values
    manifest, mistakes = read_manifest(tmp_path, {})
    assert [] == mistakes
    assert (";", "flat", 0, 25_000, 0.01) == (
        manifest.dialect.separator,
        manifest.shape,
        manifest.min_records,
        manifest.part_rows,
        manifest.max_failed,
    )


@pytest.mark.parametrize("name", ['a "quoted" name', "back\\slash", "größer", " "])
def test_any_folder_name_makes_a_project(tmp_path: Path, name: str) -> None:
    """The folder's name becomes the project's, whatever characters it holds."""
    create(tmp_path / name, example=False)
    assert (name if name.strip() else "leads") == load_project(tmp_path / name, {}).name


def test_folder_with_files_is_refused(tmp_path: Path) -> None:
    """Nothing is overwritten: a folder that holds something and a file are refused."""
    (tmp_path / "notes.txt").write_text("mine")
    for path, what in ((tmp_path, "a folder with files"), (tmp_path / "notes.txt", "a file")):
        with pytest.raises(ProjectError) as caught:
            create(path, example=False)
        expected = (
            f"{str(path)!r} is {what}; expected a new or an empty folder.\nHint: Name another one: `mlsm init DIR`."
        )
        assert expected == str(caught.value)
    assert ["notes.txt"] == [path.name for path in tmp_path.iterdir()]


def test_new_repository_may_become_a_project(tmp_path: Path) -> None:
    """A folder with nothing but a repository counts as empty."""
    (tmp_path / ".git").mkdir()
    assert tmp_path / "mlsm.toml" in create(tmp_path, example=False)


def test_sample_leads_come_with_the_sample_project(sample: Project) -> None:
    """The file of leads has a line for each and one for the header; broken ones may hold more."""
    lines = (sample.folder / "leads.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) > LEADS


def test_broken_leads_fail_as_they_are_told_to(scores: mlsm.Scores) -> None:
    """Each record broken in a value is invalid for a model that reads it, and no other record is."""
    told = Counter(broken.effect for broken in broken_records(ROWS))
    expected = {broken.lead_id for broken in broken_records(ROWS) if broken.effect == "invalid"}
    assert expected == {result.record_id for result in scores if result.outcome is Outcome.INVALID}
    assert told["reject"] == scores.report.rejected


def test_draft_fails_for_real_on_a_few_leads(scores: mlsm.Scores) -> None:
    """The draft raises on odd text, twice each; no active model fails."""
    errors = Counter((r.model, r.version, r.error.type) for r in scores if r.outcome is Outcome.ERROR and r.error)
    assert {("fit", "2.0.0", "KeyError"): 2, ("fit", "2.0.0", "ValueError"): 2} == errors


def test_every_active_model_scores_and_every_label_occurs(sample: Project, scores: mlsm.Scores) -> None:
    """No band of the sample is empty, and every lead has a priority."""
    seen = {(result.model, result.version, result.label) for result in scores if result.label is not None}
    expected = {(m.name, m.version, label) for m in sample.catalog.values() for label in m.labels or ()}
    assert expected == seen
    assert {Outcome.OK: ROWS - scores.report.rejected} == scores.counts()["priority@1.0"]


def test_reasons_add_up(scores: mlsm.Scores) -> None:
    """Baseline and contributions sum up to the score, caps included."""
    for result in scores:
        if result.reasons is not None:
            total = result.reasons.baseline + sum(item.contribution for item in result.reasons.items)
            assert pytest.approx(total) == result.score
            assert 0.0 == result.reasons.other


def test_priority_finds_those_who_converted(scores: mlsm.Scores) -> None:
    """Leads called hot became customers far more often than those called cold."""
    converted = {lead["lead_id"]: lead["converted"] for lead in generate(ROWS)}
    shares = {}
    for label in ("hot", "cold"):
        known = [converted[r.record_id] for r in scores if r.model == "priority" and r.label == label]
        shares[label] = known.count("yes") / (known.count("yes") + known.count("no"))
    assert shares["hot"] > 5 * shares["cold"]
