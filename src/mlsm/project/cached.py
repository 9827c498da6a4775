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
from mlsm.project.environment import MARKER, Marker
from mlsm.project.fetching import described_url

__all__ = ["Kept", "cached", "clear"]


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


def clear(home: Path, keep: Collection[str] = ()) -> list[Kept]:
    """Remove what the cache holds, but for some commits and environments, and give it.

    What is found out anew in a moment goes as well: descriptions of models, versions as resolved.

    A checkout goes under its own lock; a run that has loaded its models already is not touched.
    """
    removed = []
    for kept in cached(home):
        if (kept.commit or kept.folder.name) in keep:
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
    for name in ("descriptions", "resolutions"):
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
