"""Take a source of models out of the project, with its drafts and retired versions.

Results that are stored stay. A source with an active version is not removed.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from mlsm._spelling import meant
from mlsm.cli.changing import add_commit, commit_change
from mlsm.cli.opening import add_json
from mlsm.cli.sources import open_sources
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean
from mlsm.errors import CatalogError, ProjectError, UnknownNameError

if TYPE_CHECKING:
    from mlsm.cli.sources import Sources
    from mlsm.project.lock import Lock

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm remove models"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", metavar="SOURCE", help="the source, as mlsm.toml calls it")
    add_commit(parser)
    add_json(parser)


def _refuse_needed(sources: Sources, name: str, left: Lock) -> None:
    """Look whether a summary of elsewhere stands on what would go; where models do not load anyway, nothing is said.

    Raises:
        ProjectError: one does, so that the project could not be loaded any more.
    """
    from mlsm._catalog import Catalog
    from mlsm.project import load_project

    try:
        catalog = load_project(sources.folder, text=sources.before.text, broken="degraded").catalog
    except ProjectError:
        return
    kept = {pin.key for pin in left.models}
    gone = {pin.key for pin in sources.lock.models} - kept
    try:
        Catalog(model for model in catalog.values() if model.key not in gone)
    except CatalogError as error:
        raise ProjectError(
            f"The source {name!r} was not removed, since others stand on its models:",
            problems=error.problems,
            hint="Remove those first, or let them stand on others.",
        ) from error


def run(args: Namespace, terminal: Terminal) -> int:
    """Remove a source."""
    from mlsm.project.apply import apply
    from mlsm.project.edits import with_statuses, without_source
    from mlsm.project.lock import Lock

    sources = open_sources(args)
    names = [origin.name for origin in sources.manifest.origins]
    if args.name not in names:
        raise UnknownNameError(f"There is no source {args.name!r}.", hint=meant(args.name, names))
    pins = [pin for pin in sources.lock.models if pin.source == args.name]
    if active := [pin.key for pin in pins if sources.statuses.get(pin.key) == "active"]:
        raise ProjectError(
            f"The source {args.name!r} was not removed: {', '.join(active)} is active.",
            hint="Promote another version first, or take the line out of [models.active].",
        )
    text = without_source(sources.before.text, names.index(args.name))
    for pin in pins:
        if pin.key in sources.statuses:
            text = with_statuses(text, pin.name, {pin.version: None})
    left = Lock(
        sources=tuple(source for source in sources.lock.sources if source.name != args.name),
        models=tuple(pin for pin in sources.lock.models if pin.source != args.name),
    )
    _refuse_needed(sources, args.name, left)
    apply(sources.folder, sources.before, text=text, lock=left)
    commit = commit_change(args, sources.folder, f"Remove models from {args.name}")
    if terminal.json:
        terminal.document({"removed": args.name, "models": [pin.key for pin in pins], "commit": commit})
    terminal.say(f"{clean(args.name)} is removed, with {amount(len(pins), 'model version')}.")
    return 0
