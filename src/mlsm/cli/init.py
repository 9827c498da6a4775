"""Make a new project: mlsm.toml, models with their tests, a README, leads to try them on.

With --example it is the project of the demo: nine model versions, two of them drafts, and a
thousand sample leads. With --model-repo it is a repository of models with tests, golden
records and CI, which other projects take in with `mlsm add`.
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
from mlsm.errors import InputError

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm init my-scoring\n  mlsm init my-scoring --example"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("folder", metavar="DIR", help="a new or an empty folder; its name becomes the project's")
    parser.add_argument("--example", action="store_true", help="the demo's project, with a thousand sample leads")
    parser.add_argument("--model-repo", action="store_true", help="a repository of models, for other projects to add")
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Make a project."""
    from mlsm.example.project import create

    if args.example and args.model_repo:
        raise InputError("--example and --model-repo make two kinds of folder.", hint="Leave one of the two out.")
    folder = Path(args.folder)
    made = create(folder, example=args.example, repository=args.model_repo)
    files = [os.path.relpath(file, folder.resolve()) for file in made]
    if terminal.json:
        terminal.document({"folder": str(folder), "files": files})
    else:
        for file in files:
            terminal.write(str(Path(args.folder, file)))
    terminal.say()
    what = "repository of models" if args.model_repo else "project"
    terminal.say(f"{clean(folder)} is a {what} now: {amount(len(files), 'file')}.", style="bold")
    tell_next(
        [
            (f"cd {shlex.quote(str(folder))}", "all commands look for mlsm.toml from here upward"),
            ("mlsm check", "try its models") if args.model_repo else ("mlsm list", "its models"),
            ("mlsm score leads.csv", "score its leads"),
        ],
        terminal,
    )
    return 0
