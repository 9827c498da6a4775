"""Versions that cannot be loaded when a run begins: drafts are left out, active ones stop it or are skipped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.cli.conftest import Cli
from tests.cli.test_cli_sources import Repository, empty, listed, make_repository, ok, refused, repository, rows

__all__ = ["empty", "repository"]

SMALL = """\
[project]
name = "small"

[record]
id = "lead_id"

[models.active]
{active}
"""
POINTS = '[[rule]]\nfield = "employees"\nat_least = 500\npoints = 35\n'
GOOD = "from mlsm import model\n\n@model(version='1')\ndef size_{n}(employees: int):\n    return 1.0\n"
BROKEN = """\
from mlsm import model
import nowhere_at_all


@model(version='1')
def {name}(employees: int):
    return 1.0
"""
OVER = """\
from mlsm import summary_model


@summary_model(version="1", models=["{name}"], require=["{name}"], status="active")
def over_{n}({name}):
    return {name}.score
"""
_COUNT = iter(range(1000))


@pytest.fixture
def number() -> int:
    """Give a number that no other test has, since names of modules are taken for good."""
    return next(_COUNT)


def write(cli: Cli, number: int, files: dict[str, str], active: str) -> None:
    (cli.folder / "mlsm.toml").write_text(SMALL.format(active=active))
    (cli.folder / "models").mkdir()
    for name, text in files.items():
        (cli.folder / "models" / f"degraded_{name}_{number}.py").write_text(text)


def counts(cli: Cli) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = rows(cli, "runs")[0]["counts"]
    return found


def test_a_draft_in_a_file_that_cannot_be_imported_is_left_out(empty: Cli, number: int) -> None:
    """The run goes on with the others and says which file is left out, and why."""
    good = GOOD.format(n=number)
    write(empty, number, {"good": good, "draft": BROKEN.format(name="x")}, f'size_{number} = "1"')
    done = empty.here("score", "leads.csv")
    assert done.returncode == 0, done.stderr
    assert f"degraded_draft_{number}.py is left out" in done.stderr
    assert counts(empty) == {f"size_{number}@1": {"ok": 3}}


def test_an_active_version_in_a_file_that_cannot_be_imported_stops_the_run(empty: Cli, number: int) -> None:
    """Nothing is scored and nothing stored; with --degraded it is skipped with the reason, and so is what needs it."""
    name = f"lost_{number}"
    files = {"lost": BROKEN.format(name=name), "over": OVER.format(name=name, n=number), "g": GOOD.format(n=number)}
    write(empty, number, files, f'{name} = "1"\nsize_{number} = "1"')
    assert "nowhere_at_all" in refused(empty, "score", "leads.csv")
    assert rows(empty, "runs") == []
    done = empty.here("score", "leads.csv", "--degraded")
    assert done.returncode == 4  # an active model answered nothing
    assert f"{name}@1 is active, but skipped" in done.stderr
    expected = {f"{name}@1": {"skipped": 3}, f"over_{number}@1": {"skipped": 3}, f"size_{number}@1": {"ok": 3}}
    assert counts(empty) == expected
    lead = rows(empty, "lead", "1")
    assert "nowhere_at_all" in str(lead)


def test_an_active_version_of_a_source_is_skipped_where_it_cannot_be_loaded(empty: Cli, repository: Repository) -> None:
    """Its digest stays the one that is locked, so that the next whole run is not refused."""
    ok(empty, "add", repository.url)
    key = next(iter(listed(empty)))
    ok(empty, "promote", key)
    home = empty.folder.parent / "home"
    home.rename(home.with_name("away"))
    assert "Run `mlsm sync`" in refused(empty, "score", "leads.csv")
    done = empty.here("score", "leads.csv", "--degraded", "--workers", "1")
    assert done.returncode == 4, done.stderr
    assert counts(empty) == {key: {"skipped": 3}}
    shutil.rmtree(home, ignore_errors=True)
    home.with_name("away").rename(home)
    ok(empty, "score", "leads.csv")
    assert counts(empty) == {key: {"ok": 3}}


def test_a_declared_model_whose_file_is_lost_is_skipped_when_active_and_left_out_as_a_draft(empty: Cli) -> None:
    """An entry of the project file names its version, so that each is told of by its key."""
    (empty.folder / "here.toml").write_text(POINTS)
    entries = "".join(
        f'\n[[model]]\nname = "{name}"\nversion = "1"\npath = "{file}"\n'
        for name, file in (("here", "here.toml"), ("lost", "lost.toml"), ("draft", "lost.toml"))
    )
    (empty.folder / "mlsm.toml").write_text(SMALL.format(active='here = "1"\nlost = "1"') + entries)
    assert "lost.toml" in refused(empty, "score", "leads.csv")
    done = empty.here("score", "leads.csv", "--degraded")
    assert "draft@1 is left out" in done.stderr
    assert counts(empty) == {"here@1": {"ok": 3}, "lost@1": {"skipped": 3}}
    (empty.folder / "lost.toml").write_text(POINTS)
    ok(empty, "score", "leads.csv")
    assert counts(empty)["lost@1"] == {"ok": 3}


def test_an_active_version_that_does_not_load_can_be_replaced(empty: Cli) -> None:
    """To promote another version of its name is the way out; one of another name has to wait until it is mended."""
    (empty.folder / "here.toml").write_text(POINTS)
    entries = "".join(
        f'\n[[model]]\nname = "{name}"\nversion = "{version}"\npath = "{file}"\n'
        for name, version, file in (("fit", "1", "lost.toml"), ("fit", "2", "here.toml"), ("size", "1", "here.toml"))
    )
    (empty.folder / "mlsm.toml").write_text(SMALL.format(active='fit = "1"') + entries)
    assert "lost.toml" in refused(empty, "promote", "size@1")
    assert "lost.toml" in refused(empty, "plan", "size@1")
    planned = {row["model"]: row["then"] for row in rows(empty, "plan", "fit@2")["statuses"]}
    assert planned == {"fit@1": "draft", "fit@2": "active"}
    ok(empty, "promote", "fit@2")
    ok(empty, "score", "leads.csv")
    assert counts(empty) == {"fit@2": {"ok": 3}, "size@1": {"ok": 3}}


def test_versions_that_load_are_compared_while_another_does_not(empty: Cli) -> None:
    """To hold two versions against each other both must load, and no other."""
    (empty.folder / "here.toml").write_text(POINTS)
    entries = "".join(
        f'\n[[model]]\nname = "fit"\nversion = "{version}"\npath = "{file}"\n'
        for version, file in (("1", "lost.toml"), ("2", "here.toml"), ("3", "here.toml"))
    )
    (empty.folder / "mlsm.toml").write_text(SMALL.format(active='fit = "1"') + entries)
    assert rows(empty, "diff", "fit@2", "fit@3")["fields"] == []
    told = refused(empty, "diff", "fit@1", "fit@2")
    assert ("'fit@1' cannot be looked at" in told, "lost.toml" in told) == (True, True)


def test_a_file_that_calls_a_version_active_is_never_left_out(empty: Cli, number: int) -> None:
    """What the project file does not name may still be active by its code: then the run does not begin."""
    lost = BROKEN.format(name="x").replace("version='1'", "version='1', status='active'")
    write(empty, number, {"good": GOOD.format(n=number), "lost": lost}, f'size_{number} = "1"')
    assert "nowhere_at_all" in refused(empty, "score", "leads.csv")


def test_an_edit_by_hand_is_noted_by_the_next_command_that_only_reads(empty: Cli, tmp_path: Path) -> None:
    """Whatever opens the project brings its history in line with what the project file says."""
    made = make_repository(tmp_path / "bob" / "models")
    made.commit("1.0.0")
    ok(empty, "add", made.url)
    key = next(iter(listed(empty)))
    ok(empty, "promote", key)
    file = empty.folder / "mlsm.toml"
    file.write_text(file.read_text().split("[models.active]")[0])
    history = empty.folder / "mlsm-history.ndjson"
    lines = history.read_text().count("\n")
    listed(empty)
    assert history.read_text().count("\n") == lines + 1
    assert '"what":"edit"' in history.read_text().splitlines()[-1]
