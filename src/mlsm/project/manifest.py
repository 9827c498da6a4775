"""What `mlsm.toml` and the variables over it say, checked to the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from mlsm._fields import Reading
from mlsm._typing import Shape
from mlsm.project.columns import Column, read_columns
from mlsm.project.document import Document, read_document
from mlsm.project.entries import Entry, read_entries
from mlsm.project.failing import FailingPlan, read_failing
from mlsm.project.forms import read_values
from mlsm.project.isolation import IsolationPlan, read_isolation
from mlsm.project.mistakes import Mistake
from mlsm.project.origin import Origin, read_origins
from mlsm.project.overrides import override
from mlsm.project.statuses import Status, read_statuses
from mlsm.project.values import period_of
from mlsm.readers import Dialect

__all__ = ["Manifest", "SourceEntry", "read_manifest"]


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """Where models come from (a folder, a .py file, `module:name`), and where that is said."""

    text: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A project file as values. What it says of models is not yet held against their files."""

    name: str
    id_column: str | None
    keep: tuple[str, ...]
    shape: Shape
    reading: Reading
    dialect: Dialect
    min_records: int
    store_url: str
    keep_inputs: Literal["keep", "hash", "none"]
    keep_results: timedelta | None
    patience: float
    part_rows: int
    workers: int | Literal["auto"]
    max_failed: float
    sources: tuple[SourceEntry, ...]
    statuses: tuple[Status, ...]
    columns: tuple[Column, ...]
    entries: tuple[Entry, ...]
    entries_complete: bool  # whether all of them could be read
    isolation: IsolationPlan
    failing: FailingPlan
    origins: tuple[Origin, ...] = ()


def read_manifest(
    folder: Path, environ: Mapping[str, str], document: Document | None = None
) -> tuple[Manifest, list[Mistake]]:
    """Read the project file of a folder.

    Args:
        folder: the folder.
        environ: the variables, of which those named `MLSM_*` are read.
        document: what the file would say, None for what it says.

    Returns:
        The manifest, with the default wherever something is wrong, and all that is wrong.

    Raises:
        ProjectError: the file is not there or is no TOML, so that nothing else can be told.
    """
    document, mistakes = override(document or read_document(folder), environ)
    values, wrong = read_values(document)
    mistakes += wrong
    statuses, wrong = read_statuses(document)
    mistakes += wrong
    columns, wrong = read_columns(document)
    mistakes += wrong
    entries, wrong_entries = read_entries(document)
    origins, wrong_origins = read_origins(document, values["git", "hosts"])
    mistakes += [*wrong_entries, *wrong_origins, *_ambiguous_words(document, values)]
    isolation, wrong = read_isolation(document, values, folder)
    mistakes += wrong
    origins = [origin.seeing(isolation.default.variables) for origin in origins]
    failing, wrong = read_failing(document, values)
    mistakes += wrong
    elsewhere = bool(entries or wrong_entries or origins or wrong_origins)
    manifest = Manifest(
        name=values["project", "name"] or folder.name,
        id_column=values["record", "id"] or None,
        keep=tuple(values["record", "keep"]),
        shape=values["input", "shape"],
        reading=_reading(values),
        dialect=Dialect(separator=values["input", "separator"], encoding=values["input", "encoding"]),
        min_records=values["input", "min_records"],
        store_url=values["store", "url"],
        keep_inputs=values["store", "inputs"],
        keep_results=period_of(values["store", "keep"]),
        patience=float(values["store", "patience"]),
        part_rows=values["run", "part_rows"],
        workers=values["run", "workers"],
        max_failed=float(values["run", "max_failed"]),
        sources=_sources(document, values["models", "paths"], folder, optional=elsewhere),
        statuses=tuple(statuses),
        columns=tuple(columns),
        entries=tuple(entries),
        entries_complete=not wrong_entries,
        isolation=isolation,
        origins=tuple(origins),
        failing=failing,
    )
    return manifest, mistakes


def _reading(values: Mapping[tuple[str, str], Any]) -> Reading:
    return Reading(
        null=frozenset(values["input", "null"]),
        true=frozenset(values["input", "true"]),
        false=frozenset(values["input", "false"]),
        date_formats=tuple(values["input", "date_formats"]),
        decimal=values["input", "decimal"],
    )


def _sources(document: Document, paths: list[str], folder: Path, *, optional: bool) -> tuple[SourceEntry, ...]:
    """Name the sources; where models are declared in the file itself, the usual folder need not be there."""
    said = document.values.get("models")
    if optional and "paths" not in (said if isinstance(said, dict) else {}):
        paths = [path for path in paths if any((folder / path).glob("*.py"))]
    return tuple(SourceEntry(path, document.place(("models", "paths", item))) for item, path in enumerate(paths))


def _ambiguous_words(document: Document, values: Mapping[tuple[str, str], Any]) -> list[Mistake]:
    """Refuse a word that would mean true and false."""
    meanings = {"true": {"false"}, "false": {"true", *(word.lower() for word in values["input", "true"])}}
    return [
        Mistake(
            document.place(("input", key, item)),
            f"[input] {key} holds {word!r}, which means the opposite as well; expected one meaning a word.",
            "Remove it from one of the two.",
        )
        for key, opposite in meanings.items()
        for item, word in enumerate(values["input", key])
        if word.lower() in opposite
    ]
