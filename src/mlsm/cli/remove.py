"""Take a source of models out of the project, with its drafts and retired versions.

Results that are stored stay. A source with an active version is not removed.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mlsm._spelling import meant
from mlsm.cli.changing import add_commit, commit_change
from mlsm.cli.opening import add_json
from mlsm.cli.sources import open_sources
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean
from mlsm.errors import ProjectError, UnknownNameError

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm remove models"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", metavar="SOURCE", help="the source, as mlsm.toml calls it")
    add_commit(parser)
    add_json(parser)


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
    apply(sources.folder, sources.before, text=text, lock=left)
    commit = commit_change(args, sources.folder, f"Remove models from {args.name}")
    if terminal.json:
        terminal.document({"removed": args.name, "models": [pin.key for pin in pins], "commit": commit})
    terminal.say(f"{clean(args.name)} is removed, with {amount(len(pins), 'model version')}.")
    return 0
