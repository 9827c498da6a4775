"""What the commands share that deal with sources of models."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsm._model import split_key
from mlsm.cli.opening import folder_of_project, open_project
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import clean
from mlsm.errors import InputError, ProjectError, StoreError

if TYPE_CHECKING:
    from mlsm._catalog import Catalog
    from mlsm._model import Model
    from mlsm.checks import Finding
    from mlsm.project import Project
    from mlsm.project.apply import Seen
    from mlsm.project.described import Processes
    from mlsm.project.lock import Lock
    from mlsm.project.manifest import Manifest

__all__ = [
    "Sources",
    "checked_models",
    "found_by_checks",
    "lacking_columns",
    "last_columns",
    "open_for_change",
    "open_sources",
    "show_lacking",
    "version_of",
]

_FINDINGS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """A project's file and lock, as they were read."""

    folder: Path
    home: Path
    before: Seen
    manifest: Manifest

    @property
    def statuses(self) -> dict[str, str]:
        """Give the statuses that the project file says, by key."""
        return {status.key: status.status for status in self.manifest.statuses}

    @property
    def lock(self) -> Lock:
        """Give the lock as it was read."""
        return self.before.lock

    def with_text(self, text: str) -> Sources:
        """Read what the project file would say; its mistakes are told."""
        return Sources(folder=self.folder, home=self.home, before=self.before, manifest=_manifest(self.folder, text))


def open_sources(args: Namespace) -> Sources:
    """Read a project's file and its lock, but none of its models.

    Raises:
        ProjectError: they have mistakes.
    """
    from mlsm.project.apply import seen
    from mlsm.project.places import cache_home
    from mlsm.project.promotion import noted

    folder = folder_of_project(args).resolve()
    before = seen(folder)
    manifest = _manifest(folder, before.text)
    noted(folder)
    return Sources(folder=folder, home=cache_home(), before=before, manifest=manifest)


def open_for_change(args: Namespace, key: str) -> Project:
    """Load the project, retired versions too, for a version that is to become active.

    Where the active version of its name does not load, its place is what is given away: it stays out.

    Raises:
        ProjectError: something else is wrong.
    """
    try:
        return open_project(args, retired=True)
    except ProjectError:
        project = open_project(args, retired=True, broken="degraded")
        if any(split_key(one)[0] != split_key(key)[0] for one in project.degraded):
            raise
        return project


def _manifest(folder: Path, text: str) -> Manifest:
    from mlsm.project.document import read_document
    from mlsm.project.manifest import read_manifest

    manifest, mistakes = read_manifest(folder, os.environ, read_document(folder, text))
    if mistakes:
        raise ProjectError(f"Project {str(folder)!r} has mistakes:", problems=[str(mistake) for mistake in mistakes])
    return manifest


def checked_models(project: Project, keys: Iterable[str], processes: Processes) -> None:
    """Try models on hostile and golden records.

    Args:
        project: the project.
        keys: those to try.
        processes: those that told of them, or others like them.

    Raises:
        ProjectError: something was found.
    """
    wanted = [key for key in keys if key in project.catalog]
    if not wanted:
        return
    findings = found_by_checks(project, project.catalog, wanted, processes)
    if findings:
        raise ProjectError(
            f"{', '.join(wanted)} cannot be taken, since the checks find:",
            problems=[f"{finding.model}: {clean(finding.what)}" for finding in findings[:_FINDINGS_SHOWN]],
            hint="Mend it in its repository; `mlsm check` there shows the records. Nothing was changed here.",
        )


def found_by_checks(project: Project, catalog: Catalog, keys: Iterable[str], processes: Processes) -> list[Finding]:
    """Check models where they run: fitted ones within the process of their source."""
    from mlsm.service import check
    from mlsm.service.trying import tried_away

    return check(catalog, keys, reading=project.reading, folder=project.folder, away=partial(tried_away, processes))


def version_of(project: Project, key: str) -> Model:
    """Give the version that is named in full.

    Raises:
        InputError: no version is named.
        ProjectError: it is there and cannot be loaded.
        UnknownNameError: it is not there.
    """
    if "@" not in key:
        raise InputError(f"{key!r} names no version; expected NAME@VERSION.", hint="`mlsm list` shows them.")
    why = project.left_out.get(key) or project.degraded.get(key)
    if why is not None:
        raise ProjectError(f"{key!r} cannot be looked at: {clean(why)}")
    return project.catalog[key]


def last_columns(project: Project) -> Sequence[str] | None:
    """Give the columns of the input that was scored last, None where that is not known."""
    from mlsm.cli.opening import opened_store

    try:
        with opened_store(None, project) as store:
            live = (entry for entry in store.runs() if entry.plan.purpose == "live" and "columns" in entry.report)
            last = next(live, None)
    except StoreError:
        return None
    return None if last is None else last.report["columns"]


def lacking_columns(models: Iterable[Model], columns: Sequence[str] | None) -> list[dict[str, Any]]:
    """List the fields of models that the data does not have; all of them where it is not known."""
    return [
        {"model": model.key, "field": field.name, "column": field.column, "type": str(field.kind),
         "required": field.required}
        for model in models
        for field in model.inputs
        if columns is None or field.column not in columns
    ]  # fmt: skip


def show_lacking(lacking: Sequence[Mapping[str, Any]], columns: Sequence[str] | None, terminal: Terminal) -> None:
    """Show the fields that whoever prepares the data must add."""
    if not lacking:
        if columns is not None:
            terminal.say("The input scored last has all the fields that these models need.")
        return
    known = "that the input scored last does not have" if columns is not None else "that the data must have"
    terminal.title(f"Fields {known}")
    keys = ("model", "column", "type", "required")
    terminal.table(Table(columns=tuple(Column(key=key) for key in keys), rows=lacking))
