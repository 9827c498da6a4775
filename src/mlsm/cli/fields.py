"""Show what the models need to know of a lead: the sheet for whoever prepares the data.

One row a column: its type, what becomes of an empty value, and which models read it.
With a file, it also tells which of these columns the file has, and which nobody reads.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from mlsm._catalog import Catalog
from mlsm.cli.opening import add_json, open_input, open_project
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean, named
from mlsm.errors import InputError

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm fields\n  mlsm fields leads.csv"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="look which of the columns this file has")
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """List the columns that the models read."""
    project = open_project(args)
    rows = _rows(project.catalog)
    extra: list[str] = []
    if args.file is not None:
        if project.shape == "nested":
            raise InputError(
                f"The columns of {args.file!r} cannot be told: [input] shape is 'nested'.",
                hint="Score it with --dry-run instead.",
            )
        present = open_input(args.file, project).facts().names
        rows = [{**row, "present": row["column"] in present} for row in rows]
        wanted = {row["column"] for row in rows} | {project.id_column, *project.keep}
        extra = [name for name in present if name not in wanted]
    if terminal.json:
        terminal.document({"fields": rows} | ({"extra": extra} if args.file is not None else {}))
        return 0
    terminal.table(_table(rows, with_file=args.file is not None))
    if args.file is None:
        terminal.say(f"{amount(len(rows), 'column')}. See which are in a file: mlsm fields FILE", style="dim")
    else:
        _told(args.file, rows, extra, terminal)
    return 0


def _rows(catalog: Catalog) -> list[dict[str, Any]]:
    """Merge the fields of all models that run, by column, in order of first appearance."""
    merged: dict[str, dict[str, Any]] = {}
    for model in catalog.running:
        for field in model.inputs:
            row = merged.setdefault(
                field.column, {"column": field.column, "type": [], "if_empty": [], "models": [], "required": False}
            )
            row["required"] = row["required"] or field.required
            row["models"].append(model.key)
            for key, value in (("type", str(field.kind)), ("if_empty", field.null_policy)):
                if value not in row[key]:
                    row[key].append(value)
    return [
        {**row, "type": " or ".join(row["type"]), "if_empty": " or ".join(row["if_empty"])} for row in merged.values()
    ]


def _table(rows: list[dict[str, Any]], *, with_file: bool) -> Table:
    there = Column(key="present", title="in file", style_of=lambda present: "green" if present else "red")
    columns = (
        Column(key="column", style_of=lambda _: "bold"),
        Column(key="type"),
        Column(key="if_empty", title="if empty"),
        *((there,) if with_file else ()),
        Column(key="models", style_of=lambda _: "dim"),
    )
    return Table(columns=columns, rows=rows)


def _told(file: str, rows: list[dict[str, Any]], extra: list[str], terminal: Terminal) -> None:
    missing = [row["column"] for row in rows if row["required"] and not row["present"]]
    there = sum(row["present"] for row in rows)
    terminal.say(f"{clean(file)} has {there} of the {amount(len(rows), 'column')}.")
    if missing:
        terminal.say(f"Required and not there: {named(missing, limit=20)}.", style="yellow")
    if extra:
        terminal.say(f"There, and read by no model: {named(extra, limit=20)}.", style="dim")
