"""The examples of README.md run, and print what it says they print."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.documents import run_steps, steps_of

README = Path(__file__).parent.parent / "README.md"


def test_examples_print_what_the_readme_says(tmp_path: Path) -> None:
    """The Python blocks, run as one script, print the text blocks, one after the other."""
    steps = steps_of(README.read_text(encoding="utf-8"), languages=("python", "text"))

    stderr, expected, told = run_steps(steps, tmp_path)

    assert ("", expected) == (stderr, told)
    assert 2 == len(steps)


def test_commands_of_a_project_run(tmp_path: Path) -> None:
    """Every `mlsm` command of the README's project section ends well, in the order shown."""
    text = README.read_text(encoding="utf-8")
    section = text.split("## A project")[1].split("## ")[0]
    commands = [line.removeprefix("$ ").split("#")[0].strip() for line in section.splitlines() if line.startswith("$ ")]
    script = "set -e\n" + "\n".join(commands).replace("mlsm ", f"'{sys.executable}' -m mlsm ")

    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (0, 8) == (done.returncode, len(commands)), done.stderr
