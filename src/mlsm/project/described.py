"""The models of a source as this process knows them: told of by the process that imports their code.

What was told is kept in the cache under what it depends on (the files, the environment, this
program), so that a project whose sources stay as they were starts no process to be loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from mlsm._fields import Field, Fields, Kind
from mlsm._model import (
    Abroad,
    ArtefactModel,
    Breaker,
    Failing,
    Home,
    Isolation,
    Model,
    RuleSummary,
    SummaryModel,
)
from mlsm.errors import DeclarationError, ProjectError
from mlsm.project.changing import replace_file

if TYPE_CHECKING:
    from mlsm.runtimes.isolated.supervisor import Supervisor

__all__ = ["Processes", "described"]

_ENTRY = "mlsm.project.describing:Describing"
_FORMAT = 1
_LEFT_OUT = frozenset({"__pycache__", ".git", ".mlsm"})


class Processes:
    """The processes that told of models, kept up for more questions: their libraries are imported there.

    A context: when it is left, they end.

    Args:
        entry: `module:name` of a `Describing` that answers these questions, too.
        meanwhile: is called while a process imports its libraries.
    """

    def __init__(self, entry: str = _ENTRY, meanwhile: Callable[[], object] | None = None) -> None:
        self._entry = entry
        self._meanwhile = meanwhile
        self._kept: dict[Isolation, Supervisor] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for supervisor in self._kept.values():
            supervisor.end()

    def of(self, isolation: Isolation, called: str) -> Supervisor:
        """Give the process of an isolation; where none told of models, one that has loaded none."""
        return self._kept.get(isolation) or self.begun(None, called, isolation)

    def begun(self, folder: Path | None, called: str, isolation: Isolation) -> Supervisor:
        """Start a process that is to tell of the models of a folder.

        Raises:
            DeclarationError: no process can be started.
        """
        from mlsm.runtimes.isolated.supervisor import Supervisor

        path = list(sys.path) if isolation.rung == "process" else None
        specification = {"folder": None if folder is None else str(folder), "called": called, "path": path}
        if (former := self._kept.get(isolation)) is not None:
            former.end()
        supervisor = self._kept[isolation] = Supervisor.alone(called, isolation, specification, self._entry)
        supervisor.begin()
        if self._meanwhile is not None:
            self._meanwhile()
        return supervisor


def described(
    folder: Path, *, called: str, isolation: Isolation, home: Path, processes: Processes | None = None
) -> list[Model]:
    """Give the models of a folder, whose code is not imported here.

    Args:
        folder: the folder.
        called: what the source is called, for messages.
        isolation: where its code runs.
        home: the cache.
        processes: keeps the process that tells of them; unless given, it ends.

    Raises:
        ProjectError: they cannot be loaded there; all that is wrong is told.
    """
    kept = home / "descriptions" / f"{_key(folder, isolation)}.msgpack"
    told = _read(kept)
    if told is None:
        with Processes() as own:
            told = _asked(processes or own, folder, called, isolation)
        with suppress(OSError):  # a cache that cannot be written to is asked for again each time
            kept.parent.mkdir(parents=True, exist_ok=True)
            replace_file(kept, msgspec.msgpack.encode(told))
    return [_model(one) for one in told]


def _read(kept: Path) -> list[dict[str, Any]] | None:
    try:
        return msgspec.msgpack.decode(kept.read_bytes(), type=list[dict[str, Any]])
    except (OSError, msgspec.MsgspecError):
        return None


def _asked(processes: Processes, folder: Path, called: str, isolation: Isolation) -> list[dict[str, Any]]:
    """Let a process load the models and tell of them."""
    from mlsm.runtimes.isolated.supervisor import Lost

    try:
        said = processes.begun(folder, called, isolation).start()
    except Lost as lost:
        raise ProjectError(
            f"The repository {called!r} cannot be loaded: {lost.why}",
            hint="What its process printed stands above; its files are imported there.",
        ) from None
    except DeclarationError as error:
        raise ProjectError(f"The repository {called!r} cannot be loaded: {error.message}", hint=error.hint) from error
    if "failed" in said:
        raise ProjectError(said["failed"], problems=said["problems"], hint=said["hint"])
    models: list[dict[str, Any]] = said["models"]
    return models


def _key(folder: Path, isolation: Isolation) -> str:
    """Name all that a description depends on: where the files lie, their sizes and times, who reads them."""
    hashed = hashlib.sha256()
    ours = Path(__file__).parents[1]
    programs = [_FORMAT, sys.version, isolation.rung, isolation.python or sys.executable, str(folder)]
    hashed.update(json.dumps(programs).encode())
    for root in (folder, ours / "_digest", ours / "_fields", ours / "_model", ours / "project"):
        for name, size, moment in sorted(_stats(root)):
            hashed.update(f"{name}\0{size}\0{moment}\0".encode(errors="surrogateescape"))
    return hashed.hexdigest()[:40]


def _stats(root: Path) -> Iterator[tuple[str, int, int]]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in files:
            path = Path(folder, name)
            stat = path.lstat()
            yield str(path), stat.st_size, stat.st_mtime_ns


def _model(told: dict[str, Any]) -> Model:
    name, version, what = told["name"], told["version"], told["what"]
    source, failing = told["source"], _failing(told["failing"])
    if what == "rule":
        options = {name: value for name, value in json.loads(told["options"]).items() if value is not None}
        return RuleSummary(name, dict(told["models"]), version, told["rule"], options, source=source)
    span = None if told["range"] is None else tuple(told["range"])
    fields = Fields([_field(field) for field in told["fields"]])
    common: dict[str, Any] = {"range": span, "labels": told["labels"], "source": source}
    if what == "artefact":
        return ArtefactModel(
            name, fields, version, kind=told["kind"], path=Path(told["path"]), options=json.loads(told["options"]),
            wants_as_of=told["wants_as_of"], notes=told["notes"], **common,
        ).with_failing(failing)  # fmt: skip
    away = Abroad(
        digest=told["digest"], home=Home(**told["home"]), wants_as_of=told["wants_as_of"],
        conditional=told["conditional"],
    )  # fmt: skip
    common |= {"call": told["call"], "failing": failing}
    if what == "summary":
        upstreams = dict(told["models"])
        return SummaryModel(name, upstreams, version, away, fields, require=told["require"], **common)
    return Model(name, fields, version, away, **common)


def _failing(told: dict[str, Any]) -> Failing:
    return Failing(**{**told, "breaker": Breaker(**told["breaker"])})


def _field(told: dict[str, Any]) -> Field:
    form, default = told["default"]
    if form != "plain":
        default = (datetime if form == "datetime" else date).fromisoformat(default)
    return Field(
        name=told["name"], column=told["column"], kind=_kind(told["kind"]), nullable=told["nullable"], default=default
    )


def _kind(told: dict[str, Any]) -> Kind:
    members = told["members"]
    return Kind(
        **{
            **told,
            "values": tuple(told["values"]),
            "item": None if told["item"] is None else _kind(told["item"]),
            "members": None if members is None else tuple(_field(member) for member in members),
        }
    )
