"""Documents whose examples are run: their code becomes one script, top to bottom.

What a block is, its language says: `python` is code, `text` what the code above it printed,
`console` commands behind `$ ` with what they print (and `# exit code 1` where one fails). A
block of any other language is a file; the line above it ends with its name in backticks and
a colon. In what is printed, `...` stands for anything.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from doctest import ELLIPSIS, OutputChecker
from itertools import zip_longest
from pathlib import Path

__all__ = ["Step", "run_steps", "steps_of"]

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NAMED = re.compile(r"`([^`\n]+)`:\s*$")
_CODE = re.compile(r"# exit code (\d+)$")
_MARK = "\x1e"
"""What the script prints behind each step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part of a document's script.

    Args:
        code: what is run.
        shown: what it prints, as the document has it; None where the document does not show it.
    """

    code: str
    shown: str | None = ""


def steps_of(text: str, languages: Collection[str] | None = None) -> list[Step]:
    """Read the steps of a document.

    Args:
        text: the document.
        languages: the languages of blocks that count; all unless given.

    Raises:
        ValueError: a block is neither run nor a file with a name.
    """
    steps: list[Step] = []
    for found in _BLOCK.finditer(text):
        language, body = found.groups()
        if languages is not None and language not in languages:
            continue
        if language == "text":
            steps[-1] = replace(steps[-1], shown=body)
        elif language == "console":
            steps += _commands(body)
        elif named := _NAMED.search(text[: found.start()]):
            steps.append(Step(code=_writing(named[1], body)))
        elif language == "python":
            steps.append(Step(code=body))
        else:
            raise ValueError(f"Nothing tells the name of the file {body[:60]!r}; expected `name`: above it.")
    return steps


def run_steps(steps: Collection[Step], folder: Path) -> tuple[str, list[str], list[str]]:
    """Run a document's script in a folder, warnings as errors.

    Returns:
        What came on stderr; what the document shows, step by step; and what each step printed,
        in the document's own words where it means the same.
    """
    script = folder / "document.py"
    marked = [f"{step.code}\nprint({_MARK!r}, end='', flush=True)" for step in steps]
    script.write_text("\n".join(["import pathlib, subprocess", *marked]), encoding="utf-8")

    command = [sys.executable, "-W", "error", script.name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    expected, told = [], []
    for step, printed in zip_longest(steps, done.stdout.split(_MARK)[:-1], fillvalue=None):
        shown = None if step is None else step.shown
        expected.append(str(printed) if shown is None else shown)
        told.append(expected[-1] if printed is not None and _alike(expected[-1], printed) else str(printed))
    return done.stderr, expected, told


def _alike(shown: str, printed: str) -> bool:
    return OutputChecker().check_output(shown, printed, ELLIPSIS)


def _writing(name: str, body: str) -> str:
    file = f"pathlib.Path({name!r})"
    return f"{file}.parent.mkdir(parents=True, exist_ok=True)\n{file}.write_text({body!r}, encoding='utf-8')"


def _commands(body: str) -> Iterator[Step]:
    """Run each command as a person would, its talk and its data on one screen."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        code = int(found[1]) if (found := _CODE.search(line)) else 0
        shell = f'mlsm() {{ {shlex.quote(sys.executable)} -m mlsm "$@"; }}; {line}'
        run = f"subprocess.run(['bash', '-c', {shell!r}], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)"
        told = f"print(done.stdout, end='')\nassert done.returncode == {code}, done.stdout"
        yield Step(code=f"done = {run}\n{told}", shown=shown.rstrip("\n") + "\n" if shown.strip() else None)
