"""What the cache holds, and clearing it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

import msgspec

from mlsm.project.changing import locked
from mlsm.project.checkout import checkout_in
from mlsm.project.environment import MARKER, Marker, altered, environment_folder
from mlsm.project.fetching import described_url
from mlsm.project.lock import Pin

__all__ = ["Kept", "altered_folders", "cached", "clear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One thing in the cache.

    Args:
        kind: `checkout` for a commit's files, `repository` for what commits are fetched into,
            `environment`, or `wheels` for packages from which pip makes environments.
        url: the repository.
        commit: the commit.
        size: its bytes; those that environments share with uv's cache are counted in each.
        folder: where it lies.
        requirements: the versions that an environment holds.
    """

    kind: str
    url: str
    commit: str
    size: int
    folder: Path
    requirements: tuple[str, ...] = ()


def cached(home: Path) -> list[Kept]:
    """List what the cache holds, checkouts first."""
    found = []
    urls: dict[str, str] = {}
    for marker in sorted((home / "checkouts").glob("*/*/.mlsm-checkout.json")):
        try:
            said = json.loads(marker.read_text())
        except (OSError, ValueError):
            said = {}
        folder = marker.parent
        urls[folder.parent.name] = str(said.get("url", ""))
        kept = Kept(
            kind="checkout",
            url=urls[folder.parent.name],
            commit=folder.name.partition(".")[0],
            size=_size(folder),
            folder=folder,
        )
        found.append(kept)
    for folder in sorted((home / "environments").glob("*/")):
        kept = Kept(
            kind="environment", url="", commit="", size=_size(folder), folder=folder, requirements=_held(folder)
        )
        found.append(kept)
    if (wheels := home / "wheels").is_dir():
        found.append(Kept(kind="wheels", url="", commit="", size=_size(wheels), folder=wheels))
    for folder in sorted((home / "repositories").glob("*/")):
        url = urls.get(folder.name) or described_url(folder)
        found.append(Kept(kind="repository", url=url, commit="", size=_size(folder), folder=folder))
    return found


def altered_folders(home: Path, pins: Collection[Pin] = ()) -> set[Path]:
    """Find what was changed since it was made: checkouts by their files, environments by their packages.

    Args:
        home: the cache.
        pins: how a project pins its versions; a commit none of whose checkouts has the files that they
            mean counts as changed, too, whatever is written beside it.
    """
    held = {
        marker.parent: checkout_in(marker.parent) for marker in (home / "checkouts").glob("*/*/.mlsm-checkout.json")
    }
    found = {folder for folder, kept in held.items() if kept is None or kept.altered}
    for pin in pins:
        of_commit = {folder: kept for folder, kept in held.items() if folder.name.partition(".")[0] == pin.commit}
        if pin.tree not in {kept.tree for kept in of_commit.values() if kept is not None}:
            found |= of_commit.keys()
    environments = {folder: _held(folder) for folder in (home / "environments").glob("*/")}
    environments |= {environment_folder(pin.requirements, home): pin.requirements for pin in pins if pin.environment}
    # One of another interpreter's is looked at by that one alone.
    ours = {folder: held for folder, held in environments.items() if folder == environment_folder(held, home)}
    return found | {folder for folder, held in ours.items() if altered(held, home)}


def clear(home: Path, keep: Collection[str] = (), only: Collection[Path] | None = None) -> list[Kept]:
    """Remove what the cache holds, but for some commits and environments, and give it.

    What is found out anew in a moment goes as well: descriptions of models, versions as resolved.

    A checkout goes under its own lock; a run that has loaded its models already is not touched.

    Args:
        home: the cache.
        keep: commits, and names of folders of environments, that stay.
        only: the folders that go at most; None for any.
    """
    removed = []
    for kept in cached(home):
        if (kept.commit or kept.folder.name) in keep or (only is not None and kept.folder not in only):
            continue
        name = kept.folder.name
        with locked(kept.folder.parent / f"{name}.lock", f"{kept.kind} {name!r}"):
            if not kept.folder.is_dir():
                continue  # somebody else has cleared it meanwhile
            aside = kept.folder.parent / f".{kept.folder.name}.gone"
            shutil.rmtree(aside, ignore_errors=True)
            kept.folder.rename(aside)  # in one step, so that nobody finds half of it
            shutil.rmtree(aside, ignore_errors=True)
        removed.append(kept)
    for name in ("descriptions", "resolutions") if only is None else ("descriptions",):
        shutil.rmtree(home / name, ignore_errors=True)
    return removed


def _held(folder: Path) -> tuple[str, ...]:
    """Give the versions of an environment, none where it is not whole."""
    try:
        return msgspec.json.decode((folder / MARKER).read_bytes(), type=Marker).requirements
    except (OSError, msgspec.MsgspecError):
        return ()


def _size(folder: Path) -> int:
    size = 0
    for within, _, files in os.walk(folder):
        for name in files:
            with suppress(FileNotFoundError):  # of what somebody clears just now
                status = Path(within, name).lstat()
                size += status.st_size if S_ISREG(status.st_mode) else 0
    return size
