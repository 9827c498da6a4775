"""A small project with two live runs and a trial, scored by the command line itself."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlsm.cli import main

MANIFEST = """\
[project]
name = "small"

[record]
id = "lead_id"
keep = ["email", "owner"]

[input]
null = ["n/a"]

[run]
part_rows = 4
max_failed = 0.2

[models]
paths = ["models"]
"""

MODELS = '''\
from typing import Annotated

from mlsm import Meta, model, summary_model


@model(version="1.2.0", status="active", labels=["A", "B", "C"])
def fit(employees: Annotated[int, Meta(ge=0)], country: str | None = None):
    """Give points for size; one country breaks it, with the lead's country in the message."""
    print("a model prints")
    if country == "XX":
        raise ValueError(f"no such country {country}")
    score = min(100.0, employees / 5)
    reasons = {
        "baseline": 10.0,
        "items": [{"field": "employees", "contribution": score - 10.0, "text": "size of the firm"}],
    }
    return {"score": score, "label": "A" if score > 60 else "B" if score > 20 else "C", "reasons": reasons}


@model(version="2.0.0", name="fit")
def fit_2(employees: int = 0):
    return employees / 8


@model(version="1", status="active")
def interest(page_views: int):
    return page_views if page_views else None


@summary_model(version="1", models=["fit", "interest"], status="active", require=["fit"])
def overall(fit, interest):
    return fit.score + (interest.score or 0)
'''

HEADER = "lead_id,email,owner,employees,country,page_views,comment\n"
FIRST = (
    HEADER
    + """\
001,ada@example.com,Kim,500,DE,20,"x, y"
002,ben@example.com,Lee,150,DE,0,
003,cay@example.com,Kim,n/a,DE,5,
004,,Kim,40,XX,7,
005,eve@example.com,Lee,many,DE,7,
,nobody@example.com,Lee,1,DE,1,
001,twice@example.com,Kim,1,DE,1,
006,fay@example.com,Kim,250,FR,3,
007,gus@example.com,Kim,310,FR,30,
008,hal@example.com,Kim,11,FR,0,
"""
)
SECOND = (
    HEADER
    + "001,ada@new.example.com,Kim,400,DE,20,\n002,ben@example.com,Lee,150,DE,0,\n009,ida@example.com,,60,DE,2,\n"
)


_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Cli:
    """Runs the command line in a folder, as a process of its own."""

    folder: Path

    def __call__(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run it and keep what it wrote."""
        return subprocess.run(
            [sys.executable, "-m", "mlsm.cli", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            **options,
        )

    def here(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it in this process, which is faster."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
        with contextlib.chdir(self.folder), redirect_stdout(out), redirect_stderr(err):
            code = main(arguments)
        told = []
        for stream in (out, err):
            stream.flush()
            stream.seek(0)
            told.append(stream.read())
        return subprocess.CompletedProcess(arguments, code, *told)

    def json(self, *arguments: str) -> Any:
        """Run it here with `--json` and read the document."""
        done = self.here(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    @property
    def models(self) -> Path:
        """Give the file of the models."""
        (file,) = (self.folder / "models").glob("*.py")
        return file


def make_project(folder: Path) -> Path:
    """Write the project and its two inputs."""
    (folder / "models").mkdir(parents=True)
    (folder / "mlsm.toml").write_text(MANIFEST)
    # A module of its own for each project: several are loaded in one process.
    (folder / "models" / f"scores_{next(_NUMBERS)}.py").write_text(MODELS)
    (folder / "first.csv").write_text(FIRST)
    (folder / "second.csv").write_text(SECOND)
    return folder


@pytest.fixture(scope="session")
def scored_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Score both inputs live and the first again as a trial of the future."""
    folder = make_project(tmp_path_factory.mktemp("scored") / "project")
    cli = Cli(folder)
    for arguments in (
        ["score", "first.csv", "--as-of", "2026-11-01"],
        ["score", "second.csv", "--as-of", "2026-11-02"],
        ["score", "first.csv", "--as-of", "2026-11-03", "--trial"],
    ):
        done = cli.here(*arguments)
        assert done.returncode in (0, 4), done.stderr
    return folder


@pytest.fixture
def scored(scored_once: Path, tmp_path: Path) -> Cli:
    """Give a copy of the scored project, free to be changed."""
    return Cli(Path(shutil.copytree(scored_once, tmp_path / "project")))


@pytest.fixture
def project(tmp_path: Path) -> Cli:
    """Give a project in which nothing was scored yet."""
    return Cli(make_project(tmp_path / "project"))


@pytest.fixture
def cli_in() -> type[Cli]:
    """Give the command line in any folder."""
    return Cli


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep variables of the machine from changing what is tested."""
    for name in [name for name in os.environ if name.startswith("MLSM_")]:
        monkeypatch.delenv(name)
