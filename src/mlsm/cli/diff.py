"""Show how two versions of a model differ: fields, commits between them, dependencies."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from mlsm.cli.opening import add_json, open_project
from mlsm.cli.sources import lacking_columns, last_columns, open_sources, show_lacking, version_of
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import clean

if TYPE_CHECKING:
    from mlsm._fields import Field
    from mlsm._model import Model
    from mlsm.cli.sources import Sources

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm diff fit@1.2.0 fit@2.0.0"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("first", metavar="NAME@A", help="a version, as a rule the active one")
    parser.add_argument("second", metavar="NAME@B", help="the version it is held against")
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Show the difference."""
    project = open_project(args, retired=True, broken="degraded")  # what else does not load is of no matter here
    first, second = version_of(project, args.first), version_of(project, args.second)
    fields = _fields(first, second)
    commits = _commits(open_sources(args), first.key, second.key)
    requirements = _requirements(open_sources(args), first.key, second.key)
    columns = last_columns(project)
    lacking = lacking_columns([second], columns)
    if terminal.json:
        told = {"first": first.key, "second": second.key, "same_digest": first.digest == second.digest}
        terminal.document(
            {**told, "fields": fields, "commits": commits, "requirements": requirements, "fields_to_add": lacking}
        )
        return 0
    if first.digest == second.digest:
        alike = "Both answer alike: their digests are the same."
        terminal.write("But for their dependencies both are the same." if requirements else alike)
    if fields:
        terminal.title("Fields")
        keys = ("field", "change", "first", "second")
        terminal.table(Table(columns=tuple(Column(key=key) for key in keys), rows=fields))
    else:
        terminal.write("Both read the same fields.")
    if requirements:
        terminal.title("Dependencies")
        packages = tuple(Column(key=key) for key in ("package", "first", "second"))
        terminal.table(Table(columns=packages, rows=requirements))
    if commits:
        terminal.title("Commits between")
        for line in commits:
            terminal.write(f"  {clean(line)}")
    show_lacking(lacking, columns, terminal)
    return 0


def _fields(first: Model, second: Model) -> list[dict[str, Any]]:
    one = {field.name: _told(field) for field in first.inputs}
    other = {field.name: _told(field) for field in second.inputs}
    rows = []
    for name in dict.fromkeys([*one, *other]):
        if one.get(name) != other.get(name):
            change = "added" if name not in one else "removed" if name not in other else "changed"
            rows.append({"field": name, "change": change, "first": one.get(name, ""), "second": other.get(name, "")})
    return rows


def _told(field: Field) -> str:
    """Say all of a field that whoever prepares the data must know."""
    told = [str(field.kind), "required" if field.required else "optional"]
    told += [field.null_policy] if field.default is not None else []
    told += [f"from column {field.column!r}"] if field.column != field.name else []
    return ", ".join(told)


def _commits(sources: Sources, first: str, second: str) -> list[str] | None:
    """Give the commits between two versions of one source, None where there are none to tell."""
    from mlsm.project.revisions import commits_between

    one, other = sources.lock.of(first), sources.lock.of(second)
    origins = {origin.name: origin for origin in sources.manifest.origins}
    if one is None or other is None or one.source != other.source or not one.commit or one.source not in origins:
        return None
    return commits_between(origins[one.source], one.commit, other.commit, sources.home)


def _requirements(sources: Sources, first: str, second: str) -> list[dict[str, Any]]:
    pins = [sources.lock.of(key) for key in (first, second)]
    one, other = ({} if pin is None else dict(line.split("==") for line in pin.requirements) for pin in pins)
    return [
        {"package": name, "first": one.get(name, ""), "second": other.get(name, "")}
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
    ]
