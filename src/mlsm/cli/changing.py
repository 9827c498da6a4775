"""What commands share that change a project's files."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mlsm.errors import InputError

__all__ = ["add_commit", "commit_change"]


def add_commit(parser: ArgumentParser) -> None:
    """Let a command commit what it changed."""
    parser.add_argument("--commit", action="store_true", help="commit the changed files, if the project is in git")


def commit_change(args: Namespace, folder: Path, message: str) -> str | None:
    """Commit the project's files where that was asked for; give the short commit.

    Raises:
        InputError: the project is in no repository, or git refuses; what was changed stays changed.
    """
    if not args.commit:
        return None
    from mlsm.project.document import MANIFEST
    from mlsm.project.git import GitError, commit_files, is_repository
    from mlsm.project.history import HISTORY

    try:
        if not is_repository(folder):
            raise InputError(
                f"The change is made, but not committed: {str(folder)!r} is in no git repository.",
                hint="Run `git init` there, or leave --commit out.",
            )
        return commit_files(folder, [MANIFEST, "mlsm.lock", HISTORY], message)
    except GitError as error:
        raise InputError(
            f"The change is made, but not committed: {error.message}",
            hint=f"Mend that, then commit {MANIFEST}, mlsm.lock and {HISTORY} yourself.",
        ) from error
