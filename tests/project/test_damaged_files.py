"""A project's files, edited by hand or damaged: each mistake is told with its place, and nothing outside is run."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from mlsm.cli import main
from mlsm.errors import ProjectError
from mlsm.project.history import HISTORY, read_history
from mlsm.project.lock import LOCK, Pin, SourcePin, environment_hash, lock_text, read_lock, sorted_lock

HASH = f"sha256:{'0' * 64}"
WHERE: dict[str, Any] = {"url": "https://git.example.com/acme", "folder": "", "commit": "8" * 40, "tree": HASH}
PIN = Pin(name="fit", version="1", source="acme", digest=HASH, **WHERE)
WHOLE = lock_text(sorted_lock([SourcePin(name="acme", wants="tag v1", **WHERE)], [PIN]))
OPTIONS = ("--index-url=http://elsewhere/",)
EVENT = '{"id": "1", "at": "2026-11-24T10:00:00Z", "by": "ada", "what": "edit", "name": "fit", "to": "1"}\n'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("format = 1", "format = true", f"{LOCK}:2: the format is True"),
        ("format = 1", "format = 1\nzeal = 1", f"{LOCK}:3: there is no key 'zeal'"),
        ('[[source]]\nname = "acme"', '[source]\nname = "acme"', f"{LOCK}:4: 'source' is no array of tables"),
        ('folder = ""\ncommit', 'folder = "../../elsewhere"\ncommit', f"{LOCK}:4: 'acme' lies in '../../elsewhere'"),
        (
            'requirements = []\nenvironment = ""',
            f'requirements = ["{OPTIONS[0]}"]\nenvironment = "{environment_hash(OPTIONS)}"',
            f"{LOCK}:12: 'fit' has the requirement '--index-url",
        ),
        ("https://git", "\udcff", f"{LOCK}:6: the byte 0xff is no UTF-8"),
    ],
    ids=["format", "key", "table", "outside", "option", "encoding"],
)
def test_what_no_lock_can_say_is_refused_with_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    """Nothing of a lock is passed over, and nothing in it leads out of a checkout or to an installer's options."""
    assert old in WHOLE
    (tmp_path / LOCK).write_bytes(os.fsencode(WHOLE.replace(old, new)))
    with pytest.raises(ProjectError, match=re.escape(told)):
        read_lock(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [('"edit"', '"decree"'), ("10:00:00Z", "10:00:00"), ('"id"', '"format": 2, "id"')],
    ids=["unknown", "no zone", "newer"],
)
def test_what_no_history_can_say_is_refused_with_all_its_lines(tmp_path: Path, old: str, new: str) -> None:
    """A line that a newer program or a hand has written is not taken for what this one would mean by it."""
    wrong = EVENT.replace(old, new)
    (tmp_path / HISTORY).write_text(wrong + EVENT + wrong)
    with pytest.raises(ProjectError, match="2 mistakes") as refused:
        read_history(tmp_path)
    assert [problem.split(": ")[0] for problem in refused.value.problems] == [f"{HISTORY}:1", f"{HISTORY}:3"]


@pytest.mark.parametrize(
    "said", [b"[models.active]\nfit = 3\n", b"[models]\nactive = 3\n", b"broken = [\n", b"# \xff\n"]
)
@pytest.mark.parametrize("command", ["sync", "promote"])
def test_a_mistake_in_a_project_with_a_history_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, said: bytes
) -> None:
    """What was edited by hand is noted in the history only where it can be read."""
    (tmp_path / "mlsm.toml").write_bytes(b'[project]\nname = "acme"\n' + said)
    (tmp_path / HISTORY).write_text(EVENT)
    assert main([command, "--project", str(tmp_path), *(["fit@1"] if command == "promote" else [])]) == 1
    assert "mlsm.toml:" in capsys.readouterr().err
