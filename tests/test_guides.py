"""The examples of the guides run, and print what the guides say they print."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from tests.documents import run_steps, steps_of

GUIDES = Path(__file__).parent.parent / "docs" / "guides"
FILES = sorted(GUIDES.glob("*.md"))
DATA = Path(__file__).parents[2] / "shared" / "data"
MOST_LINES = 120


@pytest.mark.parametrize("guide", FILES, ids=lambda path: path.stem)
@pytest.mark.usefixtures("uv")
def test_examples_print_what_the_guide_says(guide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a guide, run top to bottom in an empty folder, print what stands below them."""
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")  # it would tell its makers of each run
    monkeypatch.setenv("MLSM_HOME", str(tmp_path / "home"))
    text = guide.read_text(encoding="utf-8")
    if "MLSM_DATA" in text:
        data = Path(os.environ.get("MLSM_DATA", DATA)).resolve()
        if not (data / "bank-marketing" / "bank-full.csv.gz").is_file():
            # The data is not part of the repository: its licence asks for its own attribution.
            pytest.skip("bank-marketing/bank-full.csv.gz is not here; name the folder around it with MLSM_DATA")
        monkeypatch.setenv("MLSM_DATA", str(data))
    steps = steps_of(text)

    stderr, expected, told = run_steps(steps, tmp_path)

    assert ("", expected) == (stderr, told)


def test_every_guide_stands_in_the_table_of_contents() -> None:
    """The table of contents links to each guide, and to nothing that is not there."""
    contents = (GUIDES / "README.md").read_text(encoding="utf-8")

    linked = re.findall(r"\]\(([^)#]+)\)", contents)

    assert sorted(path.name for path in FILES if path.stem != "README") == sorted(linked)


@pytest.mark.parametrize("guide", FILES, ids=lambda path: path.stem)
def test_a_guide_is_short(guide: Path) -> None:
    """Nobody reads a long one."""
    lines = guide.read_text(encoding="utf-8").splitlines()

    assert len(lines) < MOST_LINES
