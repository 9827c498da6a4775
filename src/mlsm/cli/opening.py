"""What a command opens: the project, its store, the inputs."""

from __future__ import annotations

import os
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlsm.errors import ProjectError

if TYPE_CHECKING:
    from mlsm.contracts import Reader, Store
    from mlsm.project import Broken, Project

__all__ = [
    "ProjectPlace",
    "add_json",
    "add_store",
    "count",
    "folder_of_project",
    "names",
    "open_input",
    "open_project",
    "open_query",
    "opened_store",
    "place_of_project",
    "shown_url",
    "time_of",
    "workers",
]


_SECRET_OPTION = re.compile(
    r"(?i)([?&](?:[^=&\s]*(?:password|secret)[^=&\s]*|scram_[^=&\s]*|authMechanismProperties)=)[^&\s]*"
)
"""Passwords of certificates and tokens may stand among the options of a URL."""


def open_project(args: Namespace, *, broken: Broken = "refuse", retired: bool = False) -> Project:
    """Load the project that `--project` names, else the nearest one upward, and its models.

    What was changed by hand since is noted in its history.
    """
    from mlsm.project import load_project
    from mlsm.project.promotion import noted

    project = load_project(folder_of_project(args), broken=broken, retired=retired)
    noted(project.folder)
    return project


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPlace:
    """Where a project is and where its results are, without its models.

    What reads results must work, and fast, while a model does not even load.
    """

    folder: Path
    store_url: str
    patience: float
    keep: tuple[str, ...]


def place_of_project(args: Namespace) -> ProjectPlace:
    """Read the project's file only.

    Raises:
        ProjectError: it has mistakes.
    """
    from mlsm.project.manifest import read_manifest
    from mlsm.project.promotion import noted

    folder = folder_of_project(args).resolve()
    manifest, mistakes = read_manifest(folder, os.environ)
    if mistakes:
        raise ProjectError(f"Project {str(folder)!r} has mistakes:", problems=[str(mistake) for mistake in mistakes])
    noted(folder)
    return ProjectPlace(folder=folder, store_url=manifest.store_url, patience=manifest.patience, keep=manifest.keep)


def folder_of_project(args: Namespace) -> Path:
    """Give the folder that `--project` names, else the nearest upward with a project file."""
    from mlsm.project import find_project

    return find_project(Path.cwd()) if args.project is None else Path(args.project)


def open_input(path: str, project: Project) -> Reader:
    """Open a file, or `-` for standard input, as the project says that its inputs are written."""
    from mlsm.readers import open_reader

    return open_reader(path, dialect=project.dialect)


def open_query(url: str, query: str) -> Reader:
    """Ask a database, and open its answer as an input."""
    from mlsm.readers import ask

    return ask(url, query)


@contextmanager
def opened_store(url: str | None, project: Project | ProjectPlace) -> Iterator[Store]:
    """Open the store of a URL, else the project's; let go of it afterwards."""
    from mlsm.stores import open_store

    place = (project.store_url, project.folder) if url is None else (url, Path.cwd())
    store = open_store(*place, patience=project.patience)
    try:
        yield store
    finally:
        store.dispose()


def shown_url(url: str) -> str:
    """Write a store's URL without its password.

    Example:
        >>> shown_url("postgresql://ada:secret@db/leads"), shown_url("sqlite:///mlsm.db")
        ('postgresql://ada:***@db/leads', 'sqlite:///mlsm.db')
    """
    # Up to the last @, since a password may hold one that should have been escaped.
    shown = re.sub(r"(://[^/:@\s]*):\S*@", r"\1:***@", url)
    shown = re.sub(r"(?s)^((?:--\w+=)?[a-z+]+://[^/:@\s]*):.*@", r"\1:***@", shown)  # of one with a space in it
    return _SECRET_OPTION.sub(r"\1***", shown)


def names(text: str) -> tuple[str, ...]:
    """Read a list of names parted by commas.

    Example:
        >>> names("fit, size@2")
        ('fit', 'size@2')
    """
    found = tuple(name.strip() for name in text.split(",") if name.strip())
    if not found:
        raise ArgumentTypeError(f"{text!r} names nothing; expected names parted by commas")
    return found


def count(text: str) -> int:
    """Read a whole number that is not negative.

    Example:
        >>> count("3")
        3
    """
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError(f"{text!r} is no count; expected a whole number such as 3")
    return int(text)


def workers(text: str) -> int | Literal["auto"]:
    """Read a number of processes, or `auto`.

    Example:
        >>> workers("auto"), workers("2")
        ('auto', 2)
    """
    if text == "auto":
        return "auto"
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError(f"{text!r} is no number of processes; expected a whole number such as 2, or auto")
    return int(text)


def time_of(text: str) -> datetime:
    """Read a time in ISO form; without a zone it is UTC.

    Example:
        >>> time_of("2026-11-22").isoformat()
        '2026-11-22T00:00:00+00:00'
    """
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # the other for years that no calendar has in UTC
        raise ArgumentTypeError(f"{text!r} is no time; expected 2026-11-22 or 2026-11-22T06:30Z") from error


def add_json(parser: ArgumentParser) -> None:
    """Let a command write its data as JSON."""
    parser.add_argument("--json", action="store_true", help="write the data as one JSON document")


def add_store(parser: ArgumentParser) -> None:
    """Let a command use another store than the project's."""
    parser.add_argument("--store", metavar="URL", help="another store than the project's, such as sqlite:///other.db")
