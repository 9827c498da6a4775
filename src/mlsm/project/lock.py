"""`mlsm.lock`: each model version of a source, pinned to a commit, a tree and a digest.

    format = 1

    [[source]]
    name = "acme"
    url = "https://git.example.com/acme/models.git"
    wants = "branch develop"
    folder = ""
    commit = "8c943b7..."
    tree = "sha256:..."

    [[model]]
    name = "fit"
    version = "2.0.0+8c943b7"
    source = "acme"
    url = "https://git.example.com/acme/models.git"
    folder = ""
    commit = "8c943b7..."
    tree = "sha256:..."
    digest = "sha256:..."
    requirements = ["scikit-learn==1.8.0"]
    environment = "sha256:..."

The program alone writes it, sorted, so that a diff shows what changed. `[[source]]` says to
which commit each source was resolved last; `[[model]]` pins every version that the project
knows, those of former commits too. `requirements` are the versions that the environment holds,
and `environment` is their hash; both are empty where the program's own environment serves. A
source that is a folder has no commit.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from mlsm._toml import Lines, toml_text
from mlsm.errors import ProjectError
from mlsm.project.mistakes import Mistake
from mlsm.project.origin import inside

__all__ = ["LOCK", "Lock", "Pin", "SourcePin", "environment_hash", "lock_text", "read_lock", "sorted_lock"]

T = TypeVar("T", bound="SourcePin | Pin")

LOCK = "mlsm.lock"
_FORMAT = 1
_COMMIT = re.compile(r"[0-9a-f]{40}|")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_VERSION = re.compile(r"[A-Za-z0-9][\w.-]*==[\w.!+-]+", re.ASCII)


class SourcePin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To which commit a source was resolved last."""

    name: str
    url: str
    wants: str
    folder: str
    commit: str
    tree: str


class Pin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model version, as the lock pins it."""

    name: str
    version: str
    source: str
    url: str
    folder: str
    commit: str
    tree: str
    digest: str
    requirements: tuple[str, ...] = ()
    environment: str = ""

    @property
    def key(self) -> str:
        """Give `name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def told(self) -> str:
        """Say where it is pinned: `acme 8c943b7`."""
        return f"{self.source} {self.commit[:7]}".rstrip()


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """What the lock holds: sources as resolved last, and model versions."""

    sources: tuple[SourcePin, ...] = ()
    models: tuple[Pin, ...] = ()

    def of(self, key: str) -> Pin | None:
        """Give the pin of `name@version`, None where it is no source's."""
        return next((pin for pin in self.models if pin.key == key), None)


def read_lock(folder: Path) -> Lock:
    """Read a project's lock; an empty one where there is none.

    Raises:
        ProjectError: there are mistakes, all of which it tells with their lines.
    """
    try:
        text = (folder / LOCK).read_bytes().decode("utf-8")
        values = tomllib.loads(text)
    except FileNotFoundError:
        return Lock()
    except UnicodeDecodeError as error:
        place = f"{LOCK}:{error.object.count(10, 0, error.start) + 1}"
        raise _error([Mistake(place, f"the byte 0x{error.object[error.start]:02x} is no UTF-8.", _HINT)]) from error
    except tomllib.TOMLDecodeError as error:
        raise _error([Mistake(LOCK, f"the text is no TOML: {error}.", _HINT)]) from error
    lines = Lines(text)
    said = values.pop("format", None)
    if said is True or said != _FORMAT:
        hint = "Update mlsm." if isinstance(said, int) and said > _FORMAT else _HINT
        raise _error([Mistake(f"{LOCK}:{lines.of(('format',))}", f"the format is {said!r}; expected {_FORMAT}.", hint)])
    sources, mistakes = _read(values.pop("source", []), SourcePin, "source", lines)
    models, wrong = _read(values.pop("model", []), Pin, "model", lines)
    mistakes += wrong
    mistakes += [
        Mistake(f"{LOCK}:{lines.of((key,))}", f"there is no key {key!r}; expected format, source and model.", _HINT)
        for key in values
    ]
    if mistakes:
        raise _error(mistakes)
    return sorted_lock(sources, models)


def sorted_lock(sources: Iterable[SourcePin], models: Iterable[Pin]) -> Lock:
    """Put a lock in the order in which it is written, so that two that say the same are equal."""
    return Lock(
        sources=tuple(sorted(sources, key=lambda pin: pin.name)),
        models=tuple(sorted(models, key=lambda pin: (pin.name, pin.version))),
    )


def _read(said: Any, kind: type[T], array: str, lines: Lines) -> tuple[list[T], list[Mistake]]:
    found: dict[str, T] = {}
    mistakes: list[Mistake] = []
    if not isinstance(said, list):
        place = f"{LOCK}:{lines.of((array,))}"
        return [], [Mistake(place, f"{array!r} is no array of tables; expected [[{array}]].", _HINT)]
    for number, one in enumerate(said):
        place = f"{LOCK}:{lines.of((array, number))}"
        try:
            pin = msgspec.convert(one, kind)
        except msgspec.ValidationError as error:
            mistakes.append(Mistake(place, f"[[{array}]]: {error}.", _HINT))
            continue
        hashes = [pin.tree, getattr(pin, "digest", pin.tree)]
        if not _COMMIT.fullmatch(pin.commit) or not all(map(_HASH.fullmatch, hashes)):
            mistakes.append(Mistake(place, f"{pin.name!r} has a commit or a hash that is none.", _HINT))
        if not inside(pin.folder):
            message = f"{pin.name!r} lies in {pin.folder!r}; expected a folder inside of its repository."
            mistakes.append(Mistake(place, message, _HINT))
        wrong = [one for one in getattr(pin, "requirements", ()) if _VERSION.fullmatch(one) is None]
        if wrong:
            message = f"{pin.name!r} has the requirement {wrong[0]!r}; expected name==version."
            mistakes.append(Mistake(place, message, _HINT))
        if isinstance(pin, Pin) and pin.environment != (environment_hash(pin.requirements) if pin.requirements else ""):
            message = f"{pin.key!r} has requirements that are not those of its environment's hash."
            mistakes.append(Mistake(place, message, _HINT))
        key = str(getattr(pin, "key", pin.name))
        if key in found:
            mistakes.append(Mistake(place, f"{key!r} occurs twice.", _HINT))
        found[key] = pin
    return list(found.values()), mistakes


_HINT = (
    f"{LOCK} is written by the program only: take it from the project's repository; where there is none, remove it "
    "and run `mlsm lock`."
)


def environment_hash(requirements: Sequence[str]) -> str:
    """Hash the versions that an environment holds, as the lock keeps it.

    Example:
        >>> environment_hash(["msgspec==0.20.0"])[:14]
        'sha256:7a78aa7'
    """
    listed = "\n".join(sorted(requirements))
    return f"sha256:{hashlib.sha256(listed.encode()).hexdigest()}"


def lock_text(lock: Lock) -> str:
    """Write a lock.

    Example:
        >>> print(lock_text(Lock()))
        # Written by mlsm; edit mlsm.toml and run `mlsm lock` instead.
        format = 1
        <BLANKLINE>
    """
    lines = ["# Written by mlsm; edit mlsm.toml and run `mlsm lock` instead.", f"format = {_FORMAT}", ""]
    lock = sorted_lock(lock.sources, lock.models)
    for source in lock.sources:
        lines += ["[[source]]", *_table(source), ""]
    for model in lock.models:
        lines += ["[[model]]", *_table(model), ""]
    return "\n".join(lines)


def _table(pin: SourcePin | Pin) -> Iterator[str]:
    for name in pin.__struct_fields__:
        value = getattr(pin, name)
        written = toml_text(value) if isinstance(value, str) else f"[{', '.join(map(toml_text, value))}]"
        yield f"{name} = {written}"


def _error(mistakes: list[Mistake]) -> ProjectError:
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return ProjectError(f"{LOCK} has {count}:", problems=[str(mistake) for mistake in mistakes])
