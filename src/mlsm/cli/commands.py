"""The commands, in the order of `mlsm --help`, and how each is called."""

from __future__ import annotations

import importlib
from argparse import ArgumentParser, Namespace
from typing import Protocol

from mlsm.cli.terminal import Terminal

__all__ = ["COMMANDS", "Command", "command"]

COMMANDS: dict[str, str] = {
    "demo": "see it all work on 50,000 sample leads",
    "init": "make a new project",
    "list": "show every model version",
    "fields": "show what the models need to know of a lead",
    "score": "score leads from files",
    "lead": "show one lead: its scores, why, and how they changed",
    "forget": "remove a lead from all that is stored, for good",
    "explain": "show how a model came to a lead's score",
    "runs": "show past runs, or one of them and what failed in it",
    "export": "write scores to a file",
    "prune": "remove old results that nothing needs any more",
    "store": "look for faults in the store, or copy it to another",
    "check": "try models on typical, hostile and golden records",
    "add": "take models from a git repository, as drafts",
    "remove": "take a source of models out of the project",
    "lock": "pin models to the commits of their sources",
    "sync": "make this machine hold what the lock pins",
    "plan": "show what sync or a promotion would change",
    "cache": "show or clear what this machine keeps of models from git",
    "ci": "write a pipeline that upgrades drafts and opens the change for review",
    "diff": "show how two versions of a model differ",
    "compare": "compare two versions of a model by their stored results",
    "promote": "make a version the active one",
    "rollback": "take the last promotion back",
    "history": "tell which version was active when",
    "scorecard": "turn a spreadsheet of points into a scorecard, or back",
}
"""Every command with its line of help; each is a module of this package."""


class Command(Protocol):
    """What the module of a command offers."""

    EXAMPLES: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the command takes."""

    def run(self, args: Namespace, terminal: Terminal) -> int:
        """Do it and give the exit code."""


def command(name: str) -> Command:
    """Import the module of one command, and no other."""
    module: Command = importlib.import_module(f"mlsm.cli.{name}")
    return module
