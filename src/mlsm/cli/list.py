"""Show every model version of the project.

One row a version: whether it decides (active), is on trial (draft) or was put away
(retired), what it needs to know of a lead, and where its code lies.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsm._catalog import Catalog
from mlsm._model import Model
from mlsm.cli.opening import add_json, open_project
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean, named

if TYPE_CHECKING:
    from mlsm.project import Project

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm list"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--verbose", action="store_true", help="tell besides how each scores a single lead, and why so")
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """List the models."""
    project = open_project(args)
    rows = [_row(model, project.catalog) for model in project.catalog.values()]
    if args.verbose:
        _add_paths(rows, project.catalog)
    if terminal.json:
        terminal.document(rows)
        return 0
    terminal.table(
        Table(
            columns=(
                Column(key="model", whole=True, style_of=lambda _: "bold"),
                Column(key="version", whole=True),
                Column(key="kind", whole=True),
                Column(key="status", whole=True, style_of=lambda status: "green" if status == "active" else "dim"),
                Column(key="source", title="from", whole=True, style_of=lambda _: "dim"),
                Column(key="needs", title="fields"),
            ),
            rows=[
                {**row, "source": _from(model), "needs": _needs(row, terminal)}
                for row, model in zip(rows, project.catalog.values(), strict=True)
            ],
        )
    )
    if args.verbose:
        for row in rows:
            _show_path(row, terminal)
    for key, why in project.left_out.items():
        terminal.say(f"{clean(key)} is left out: {clean(why)}", style="yellow")
    for folder in _overlooked(project):
        terminal.say(
            f"{clean(folder)} is not looked into; if it holds models, name it in [models] paths.", style="yellow"
        )
    active = sum(row["status"] == "active" for row in rows)
    drafts = sum(row["status"] == "draft" for row in rows)
    terminal.say(f"{amount(len(rows), 'model version')}: {active} active, {amount(drafts, 'draft')}.", style="dim")
    return 0


def _row(model: Model, catalog: Catalog) -> dict[str, Any]:
    retired = model.status == "retired"
    return {
        "model": model.name,
        "version": model.version,
        "kind": model.kind,
        "status": model.status,
        "fields": [field.column for field in model.inputs],
        "models": [] if retired else list(catalog.upstreams(model.key).values()),
        "source": model.source,
        "digest": model.digest,
    }


def _overlooked(project: Project) -> list[str]:
    """Give folders below those of the models that hold files which speak of mlsm, and are no packages."""
    sources = [Path((model.source or "").rpartition(":")[0]) for model in project.catalog.values()]
    read = {(project.folder / source).parent for source in sources if source.suffix == ".py"}
    below = {inner.parent for folder in read for inner in folder.glob("*/[!_]*.py")} - read
    return sorted(
        folder.relative_to(project.folder).as_posix()
        for folder in below
        if folder.is_relative_to(project.folder)
        and not (folder / "__init__.py").exists()
        and any(b"mlsm" in file.read_bytes() for file in folder.glob("[!_]*.py") if not file.name.startswith("test_"))
    )


def _from(model: Model) -> str | None:
    """Say where a model comes from: for one of a repository, not where that lies in the cache."""
    from mlsm.service.golden_files import shown_place

    return model.source and shown_place(model, Path(model.source), None)


def _add_paths(rows: list[dict[str, Any]], catalog: Catalog) -> None:
    """Say of each model how it scores one lead; a retired one does not run."""
    from mlsm.service import prepared

    paths = {step.model.key: step.predictor.path for step in prepared(catalog).steps}
    for row, model in zip(rows, catalog.values(), strict=True):
        row["path"] = paths.get(model.key, "It is retired and does not run.")
        row["notes"] = list(getattr(model, "notes", ()))


def _show_path(row: dict[str, Any], terminal: Terminal) -> None:
    """Tell the path and what else is to be known; a note with a hint has lines of its own."""
    hinted = [note for note in row["notes"] if "\n" in note]
    told = [row["path"], *(note for note in row["notes"] if note not in hinted)]
    terminal.write(f"{row['model']}@{row['version']}: {' '.join(told)}")
    for line in (line for note in hinted for line in note.splitlines()):
        terminal.write(f"  {clean(line)}")


def _needs(row: dict[str, Any], terminal: Terminal) -> str:
    upstreams = [f"score of {key}" for key in row["models"]]
    listed = [*upstreams, *row["fields"]]
    return named(listed, limit=4 if terminal.data_styled else len(listed))
