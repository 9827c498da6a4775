"""Make a new project: mlsm.toml, models with their tests, a README, leads to try them on.

With --example it is the project of the demo: five models, a draft of a new version, and a
thousand sample leads.
"""

from __future__ import annotations

import os
import shlex
from argparse import ArgumentParser, Namespace
from pathlib import Path

from mlsm.cli.opening import add_json
from mlsm.cli.summary import tell_next
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm init my-scoring\n  mlsm init my-scoring --example"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("folder", metavar="DIR", help="a new or an empty folder; its name becomes the project's")
    parser.add_argument("--example", action="store_true", help="the demo's project, with a thousand sample leads")
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Make a project."""
    from mlsm.example.project import create

    folder = Path(args.folder)
    files = [os.path.relpath(file, folder.resolve()) for file in create(folder, example=args.example)]
    if terminal.json:
        terminal.document({"folder": str(folder), "files": files})
    else:
        for file in files:
            terminal.write(str(Path(args.folder, file)))
    terminal.say()
    terminal.say(f"{clean(folder)} is a project now: {amount(len(files), 'file')}.", style="bold")
    tell_next(
        [
            (f"cd {shlex.quote(str(folder))}", "all commands look for mlsm.toml from here upward"),
            ("mlsm list", "its models"),
            ("mlsm score leads.csv", "score its leads"),
        ],
        terminal,
    )
    return 0
