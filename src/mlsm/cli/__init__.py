"""The command line: one file a command, and what they share."""

from mlsm.cli.entry import main

__all__ = ["main"]
