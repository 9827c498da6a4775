"""Take models from a git repository: fetch a commit, load and check its models, pin them.

They arrive as drafts, whatever they say of themselves: they run and are kept, and decide
nothing until `mlsm promote`. REV is a branch, a tag or a commit, of which a few digits will
do; where a branch and a tag have one name, refs/heads/v1 or refs/tags/v1. Drafts that follow
a branch bear the commit in their version. A folder of this machine may stand for the URL. A
repository of models is code, which runs with your rights: add only those you trust.
"""

from __future__ import annotations

import os
import re
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mlsm.cli.changing import add_commit, commit_change
from mlsm.cli.opening import add_json
from mlsm.cli.sources import checked_models, lacking_columns, last_columns, open_sources, show_lacking
from mlsm.cli.summary import tell_next
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean
from mlsm.errors import InputError

if TYPE_CHECKING:
    from mlsm.cli.sources import Sources

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
example:
  mlsm add https://git.example.com/acme/models.git
  mlsm add https://git.example.com/acme/models.git@develop --path scoring
  mlsm add git@git.example.com:acme/models.git@v1.2.0"""
_REVISION = re.compile(r"(?P<url>.*[/:].*?)@(?P<revision>[^@:]+)")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("url", metavar="URL[@REV]", help="the repository, and a branch, tag or commit of it")
    parser.add_argument("--path", default="", metavar="SUB", help="the folder in it where the models lie")
    parser.add_argument("--name", metavar="NAME", help="what the project calls it (default: the repository's name)")
    parser.add_argument("--no-check", action="store_true", help="take the models although checks find something")
    add_commit(parser)
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Add a source."""
    from mlsm.project import load_project
    from mlsm.project.apply import apply
    from mlsm.project.edits import with_source
    from mlsm.project.locking import relock
    from mlsm.service.trying import trying

    sources = open_sources(args)
    said = _said(args, sources)
    text = with_source(sources.before.text, said)
    wanted = sources.with_text(text)
    with trying() as processes:
        new = relock(
            wanted.manifest.origins,
            sources.lock,
            sources.statuses,
            upgrade=(),
            project=sources.folder,
            home=sources.home,
            tell=terminal.say,
            processes=processes,
        )
        project = load_project(sources.folder, text=text, lock=new.lock)
        keys = [pin.key for pin in new.lock.models if pin.source == said["name"]]
        if not args.no_check:
            checked_models(project, keys, processes)
    apply(sources.folder, sources.before, text=text, lock=new.lock)
    commit = commit_change(args, sources.folder, f"Add models from {said['name']}")
    models = [project.catalog[key] for key in keys]
    columns = last_columns(project)
    lacking = lacking_columns(models, columns)
    pins = [pin for pin in new.lock.models if pin.source == said["name"]]
    if terminal.json:
        terminal.document({"source": said, "models": pins, "fields_to_add": lacking, "commit": commit})
        return 0
    rows = [{"model": pin.key, "status": project.catalog[pin.key].status, "from": pin.told} for pin in pins]
    terminal.table(Table(columns=tuple(Column(key=key) for key in ("model", "status", "from")), rows=rows))
    show_lacking(lacking, columns, terminal)
    terminal.say()
    terminal.say(f"{amount(len(pins), 'model version')} added from {clean(said['name'])}.", style="bold green")
    tell_next([("mlsm score FILE", "score with the drafts beside the active versions")], terminal)
    return 0


def _said(args: Namespace, sources: Sources) -> dict[str, str]:
    """Say the source as `[[source]]` has it.

    Raises:
        InputError: the URL cannot be used, or the project has a source of that name.
    """
    from mlsm.project.origin import name_of, wrong_url
    from mlsm.project.revisions import revision

    if Path(args.url).is_dir():  # in its name an @ parts nothing
        url, asked = args.url, None
    else:
        url, asked = _parted(args.url)
    folder = Path(url)
    said: dict[str, str] = {}
    if url and "://" not in url and folder.is_dir():
        if asked is not None:
            raise InputError(
                f"{url!r} is a folder, which has no revision {asked!r}.",
                hint=f"For a commit of a repository of this machine write file://{folder.resolve()}@{asked}.",
            )
        said = {"path": url if folder.is_absolute() else _from(folder, sources.folder)}
    else:
        if re.search(r"://|@.+:", url) is None:
            raise InputError(
                f"There is no folder {url!r}, and a URL of git is written otherwise.",
                hint="Name a folder that is there, or write https://…, ssh://…, file://… or git@host:path.",
            )
        if (wrong := wrong_url(url, _hosts(sources))) is not None:
            raise InputError(f"The URL {wrong[0]}", hint=wrong[1])
        said = {"url": url} | ({} if asked is None else revision(url, asked, sources.home))
    name = args.name or name_of(str(folder.resolve()) if "path" in said else url)
    if name in [origin.name for origin in sources.manifest.origins]:
        raise InputError(
            f"There is a source {name!r} already.",
            hint="`mlsm lock --upgrade` takes its newest commit; another source needs another --name.",
        )
    return {"name": name, **said, **({"folder": args.path} if args.path else {})}


def _parted(text: str) -> tuple[str, str | None]:
    """Part a URL from the revision behind its last @."""
    found = _REVISION.fullmatch(text)
    if found is None or ("://" in text and "/" not in found["url"].partition("://")[2]):
        return text, None  # an @ before the host's end belongs to the user
    return found["url"], found["revision"]


def _from(folder: Path, project: Path) -> str:
    return Path(os.path.relpath(folder.resolve(), project)).as_posix()


def _hosts(sources: Sources) -> list[str]:
    from mlsm.project.document import read_document
    from mlsm.project.overrides import override

    document, _ = override(read_document(sources.folder, sources.before.text), os.environ)
    hosts: list[str] = document.values.get("git", {}).get("hosts", [])
    return hosts
