"""Statuses edited in place, and the history that tells of it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.powerless import powerless

from mlsm.errors import ProjectError
from mlsm.project.edits import with_statuses
from mlsm.project.history import HISTORY, active_at, append, counted, read_history, told_by
from mlsm.project.lock import LOCK, Pin, lock_text, sorted_lock
from mlsm.project.places import OWN
from mlsm.project.promotion import Move, active_in, carry_out, mended, project_text, promoting, taking_back

TEXT = """\
# Our scoring.
[project]
name = "acme"  # the firm

[models.active]
fit = "1"  # since May
other = "7"

[models.draft]
# on trial
fit = ["2", "3"]

[run]
part_rows = 4  # small
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mlsm.toml").write_text(TEXT)
    return tmp_path


def promote(folder: Path, to: str, *, before: str | None, old: str = "draft") -> None:
    carry_out(folder, promoting("fit", before=before, to=to, old=old, why="better"), project_text(folder))


def test_comments_and_order_survive_an_edit() -> None:
    """Only the lines that say the statuses change."""
    edited = with_statuses(TEXT, "fit", {"2": "active", "1": "retired"})
    kept = [line for line in TEXT.splitlines() if not line.startswith("fit")]
    assert [line for line in edited.splitlines() if line in kept and line] == [line for line in kept if line]
    assert tomllib.loads(edited)["models"] == {
        "active": {"fit": "2", "other": "7"},
        "draft": {"fit": "3"},
        "retired": {"fit": "1"},
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[project]\nname = 'x'",
        '[models]\nactive = {fit = "1", b = "2"}\n[run]\nmax_failed=0.2\n',
        '[models]\nactive.fit = "1" # c\n[run]\npart_rows=3\n',
        '[models.active]\r\nfit = "1"  # since May\r\n',
        '[models.active]\n"fit" = "1"\n[models.draft]\nfit = []\n',
    ],
    ids=["empty", "no models", "inline", "dotted", "windows", "quoted"],
)
def test_every_way_to_write_statuses_can_be_edited(text: str) -> None:
    """However the statuses are written, the edited file says the new ones and all else as before."""
    edited = tomllib.loads(with_statuses(text, "fit", {"2": "active", "1": "draft"}))
    assert (edited["models"]["active"]["fit"], edited["models"]["draft"]["fit"]) == ("2", "1")
    rest = {key: value for key, value in tomllib.loads(text).items() if key != "models"}
    assert {key: value for key, value in edited.items() if key != "models"} == rest


def test_a_promotion_is_written_before_it_is_done_and_confirmed_after(folder: Path) -> None:
    """The history holds how it began, the intent with who and why, and that it was done."""
    promote(folder, "2", before="1")
    events = read_history(folder)
    assert [event.what for event in events] == ["found", "found", "promote", "done"]
    assert (events[2].before, events[2].to, events[2].why) == ("1", "2", "better")
    assert events[2].by
    assert active_in(project_text(folder))["fit"] == "2"


def test_an_intent_that_was_never_carried_out_does_not_count(folder: Path) -> None:
    """A process killed after the intent leaves the old version active, and the next command says so."""
    mended(folder)
    append(folder, told_by("promote", name="fit", **{"from": "1", "to": "2"}))
    events = mended(folder)
    assert events[-1].what == "undone"
    assert active_at(events) == {"fit": "1", "other": "7"}


def test_an_intent_that_was_carried_out_counts_although_its_last_line_is_missing(folder: Path) -> None:
    """A process killed after the replacement leaves the new version active, and the next command confirms it."""
    promote(folder, "2", before="1")
    lines = (folder / HISTORY).read_bytes().splitlines(keepends=True)
    (folder / HISTORY).write_bytes(b"".join(lines[:-1]))
    assert mended(folder)[-1].what == "done"
    assert active_at(read_history(folder))["fit"] == "2"


def test_a_file_left_by_a_killed_command_goes_with_the_next_one(folder: Path) -> None:
    """A process killed while it wrote the new project file leaves that beside it, and nothing for long."""
    for name in (".mlsm.toml.x1y2.new", ".mlsm.lock.x1y2.new"):
        (folder / name).write_text("[mod")
    promote(folder, "2", before="1")
    assert sorted(path.name for path in folder.iterdir()) == [".mlsm", HISTORY, "mlsm.toml"]


def test_a_project_keeps_what_is_its_own_out_of_git(folder: Path) -> None:
    """Locks and logs are nothing to commit, also where the project's own .gitignore does not say so."""
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    promote(folder, "2", before="1")
    told = subprocess.run(["git", "status", "--porcelain"], cwd=folder, check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["??", HISTORY, "??", "mlsm.toml"]


def test_half_a_line_at_the_end_is_cut_off(folder: Path) -> None:
    """What a killed process left of a line is no line, and the next one begins where it began."""
    promote(folder, "2", before="1")
    whole = (folder / HISTORY).read_bytes()
    (folder / HISTORY).write_bytes(whole + b'{"format":1,"id":"ab')
    promote(folder, "3", before="2")
    assert (folder / HISTORY).read_bytes().startswith(whole)
    assert active_at(read_history(folder))["fit"] == "3"


def test_edits_by_hand_are_recorded_by_the_next_command(folder: Path) -> None:
    """Whoever edits the project file finds that in the history, without a name."""
    mended(folder)
    (folder / "mlsm.toml").write_text(with_statuses(TEXT, "fit", {"3": "active", "1": "draft"}))
    event = mended(folder)[-1]
    assert (event.what, event.name, event.before, event.to) == ("edit", "fit", "1", "3")


def test_a_rollback_restores_both_versions_as_they_were(folder: Path) -> None:
    """What a promotion changed is as before, and a second rollback goes one promotion further back."""
    promote(folder, "2", before="1", old="retired")
    promote(folder, "3", before="2")
    for expected in ("2", "1"):
        text = project_text(folder)
        carry_out(folder, taking_back(folder, None, text, ""), text)
        assert active_in(project_text(folder))["fit"] == expected
    said = tomllib.loads(project_text(folder))["models"]
    assert sorted(said["draft"]["fit"]) == ["2", "3"]
    assert [event.what for event in counted(read_history(folder))][-4:] == ["promote"] * 2 + ["rollback"] * 2
    with pytest.raises(ProjectError, match="no promotion"):
        taking_back(folder, None, project_text(folder), "")


def test_a_repeated_rollback_does_not_leave_a_name_without_an_active_version(folder: Path) -> None:
    """A first promotion is undone right after it, or by name; not by a rollback said once more."""

    def go(move: Move) -> None:
        carry_out(folder, move, project_text(folder))

    def back(name: str | None = None) -> None:
        go(taking_back(folder, name, project_text(folder), ""))

    promote(folder, "2", before="1")
    go(promoting("new", before=None, to="1", old="draft", why=""))
    go(promoting("new", before="1", to="2", old="draft", why=""))
    back()
    with pytest.raises(ProjectError, match="no version would be active"):
        back("new")
    promote(folder, "3", before="2")
    back()
    with pytest.raises(ProjectError, match="new@1 stays active"):
        back()
    assert active_in(project_text(folder)) == {"fit": "2", "other": "7", "new": "1"}


def test_the_first_promotion_can_be_undone_right_after_it(folder: Path) -> None:
    """Who promoted too early has none active again, as before."""
    text = project_text(folder)
    carry_out(folder, promoting("new", before=None, to="1", old="draft", why=""), text)
    carry_out(folder, taking_back(folder, None, project_text(folder), ""), project_text(folder))
    assert active_in(project_text(folder)) == active_in(text)


def test_a_rollback_after_an_edit_by_hand_is_refused(folder: Path) -> None:
    """What somebody decided by hand meanwhile is not overruled."""
    promote(folder, "2", before="1")
    (folder / "mlsm.toml").write_text(TEXT)
    with pytest.raises(ProjectError, match="makes '1' active now"):
        taking_back(folder, "fit", project_text(folder), "")


def test_a_change_decided_on_an_older_text_is_refused(folder: Path) -> None:
    """A command that read the file before another one changed it changes nothing."""
    seen = project_text(folder)
    promote(folder, "2", before="1")
    with pytest.raises(ProjectError, match="meanwhile"):
        carry_out(folder, promoting("fit", before="1", to="3", old="draft", why=""), seen)
    assert active_in(project_text(folder))["fit"] == "2"


def test_a_damaged_history_is_told_with_its_line(folder: Path) -> None:
    """A line that is none of ours is refused with its number."""
    mended(folder)
    with (folder / HISTORY).open("a") as stream:
        stream.write("<<<<<<< HEAD\n")
    with pytest.raises(ProjectError, match=rf"{HISTORY}:3"):
        mended(folder)


def test_a_promotion_of_what_the_lock_does_not_pin_any_more_is_refused(folder: Path) -> None:
    """Where an upgrade dropped the draft meanwhile, no run could begin with it active."""
    none = f"sha256:{'0' * 64}"
    pin = Pin(name="fit", version="2", source="acme", url="", folder="", commit="", tree=none, digest=none)
    (folder / LOCK).write_text(lock_text(sorted_lock([], [])))
    with pytest.raises(ProjectError, match=rf"{LOCK} was changed"):
        carry_out(folder, promoting("fit", before="1", to="2", old="draft", why=""), project_text(folder), pin)
    assert (active_in(project_text(folder))["fit"], (folder / HISTORY).exists()) == ("1", False)


def test_who_may_only_read_a_project_is_told_its_history(folder: Path) -> None:
    """What was edited by hand is told to them as well, and nothing is written."""
    mended(folder)
    (folder / "mlsm.toml").write_text(TEXT.replace('fit = "1"', 'fit = "9"'))
    before = (folder / HISTORY).read_bytes()
    (folder / OWN / "changing.lock").unlink()
    (folder / OWN).chmod(0o555)
    code = "import sys, pathlib; from mlsm.project.promotion import known_history as known; "
    code += "print([event.to for event in known(pathlib.Path(sys.argv[1])) if event.name == 'fit'])"
    try:
        done = subprocess.run(
            [*powerless(), sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False
        )
    finally:
        (folder / OWN).chmod(0o755)
    assert (done.stdout, (folder / HISTORY).read_bytes()) == ("['1', '9']\n", before), done.stderr
