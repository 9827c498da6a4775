"""The `git` command, in an environment where nothing of the caller's leaks into what it does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from mlsm.errors import ProjectError

__all__ = ["GitError", "commit_files", "git", "inside_of", "is_repository"]

_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.autocrlf": "false",
    "submodule.recurse": "false",
    "protocol.ext.allow": "never",
    "http.followRedirects": "false",  # to a host that the project may not allow
    "advice.detachedHead": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "filter.lfs.smudge": "",
    "filter.lfs.process": "",
    "filter.lfs.required": "false",
}
_TIMEOUT = 600


class GitError(ProjectError):
    """Tell that git could not do what was asked; `output` is what it said."""

    output: str = ""


def git(*arguments: str, cwd: Path | None = None, local: bool = False, index: Path | None = None) -> str:
    """Run git: no hooks, no prompts, no submodules, no variables of the caller's.

    Args:
        arguments: the command and what it takes.
        cwd: where.
        local: whether it may read another repository of this machine.
        index: an index of its own, None for the repository's.

    Returns:
        What it wrote on standard output.

    Raises:
        GitError: it failed, or is not installed.
    """
    settings = {**_SETTINGS, "protocol.file.allow": "always" if local else "never"}
    flags = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and the arguments are ours
            ["git", *flags, *arguments],  # noqa: S607 - whichever git the user has
            cwd=cwd,
            env=_environment(os.environ) | ({} if index is None else {"GIT_INDEX_FILE": str(index)}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_TIMEOUT,
        )
    except FileNotFoundError as error:
        raise GitError("The command `git` is not installed.", hint="Install git; models from git need it.") from error
    except subprocess.TimeoutExpired as error:
        raise GitError(f"git {arguments[0]} did not end within {_TIMEOUT} seconds.", hint="Try again later.") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        failure = GitError(f"git {arguments[0]} failed: {said or f'exit code {done.returncode}'}.")
        failure.output = said
        raise failure
    return done.stdout.decode(errors="surrogateescape")


def is_repository(folder: Path) -> bool:
    """Tell whether a folder lies in the work tree of a repository.

    Raises:
        GitError: git is not installed.
    """
    try:
        return git("rev-parse", "--is-inside-work-tree", cwd=folder).strip() == "true"
    except GitError as error:
        if not error.output:
            raise
        return False


def inside_of(folder: Path) -> str:
    """Give the way to a folder from the top of the repository in which it lies, "" where it is the top or in none."""
    try:
        return git("rev-parse", "--show-prefix", cwd=folder).strip("\n").rstrip("/")
    except GitError:
        return ""


def commit_files(folder: Path, files: list[str], message: str) -> str | None:
    """Commit some files of a project and nothing else; give the short commit, None if nothing differs.

    Raises:
        GitError: git refuses, such as where it does not know who commits.
    """
    there = [name for name in files if (folder / name).exists()]
    git("add", "--", *there, cwd=folder)
    if not git("status", "--porcelain", "--", *there, cwd=folder).strip():
        return None
    git("commit", "--quiet", "--message", message, "--only", "--", *there, cwd=folder)
    return git("rev-parse", "--short", "HEAD", cwd=folder).strip()


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """Give what git may know: where the user's own configuration and keys are, and no more.

    Variables such as GIT_DIR, set while a hook runs, would point it at another repository.
    """
    kept = {name: value for name, value in given.items() if not name.startswith("GIT_")}
    identity = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_SSH", "GIT_SSL_", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")
    kept |= {name: value for name, value in given.items() if name.startswith(identity)}
    ssh = kept.get("GIT_SSH_COMMAND", "ssh") + " -oBatchMode=yes"
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "SSH_ASKPASS": "true",
        "GIT_SSH_COMMAND": ssh,
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
    }
