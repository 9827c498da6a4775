"""Fitted models checked in the process that told of them, whose libraries this process never imports."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module, util
from typing import Any

import msgspec

from mlsm._catalog import Catalog
from mlsm._collector import collector_paused
from mlsm._fields import Reading
from mlsm._guard import Raised, attempt
from mlsm._model import ArtefactModel, Model
from mlsm.checks import Finding
from mlsm.checks.golden_file import Golden
from mlsm.errors import DeclarationError
from mlsm.project.described import Processes
from mlsm.project.describing import Describing
from mlsm.service.specification import rebuilt, specification_of

__all__ = ["Trying", "tried_away", "trying"]

_ENTRY = "mlsm.service.trying:Trying"
_SECONDS = 120.0


def trying() -> Processes:
    """Give a context whose processes tell of models, and check them."""
    return Processes(_ENTRY, meanwhile=_get_ready)


def _get_ready() -> None:
    """Import what a command that takes models in needs next; their process is at it on another core."""
    import_module("mlsm.service.scores")


def tried_away(
    processes: Processes, model: Model, reading: Reading, seed: int, records: Sequence[Golden]
) -> list[Finding] | None:
    """Check a fitted model, which is data, in a process of its source.

    Thousands of records one at a time would cost it milliseconds each way between processes; a function,
    which may hang or crash over each of them, is asked record by record from here.

    Returns:
        What was found, without the records; None for a model that is to be checked otherwise: a function,
        one that runs in this process, or one that its process did not survive or cannot check.
    """
    from mlsm.runtimes.isolated.supervisor import Lost

    if not isinstance(model, ArtefactModel) or not model.isolation.isolated:
        return None
    asked = (specification_of(model, {}), reading, seed, list(records))
    try:
        supervisor = processes.of(model.isolation, model.isolation.group or model.key)
        told, body = supervisor.ask(["check"], asked, _SECONDS)
    except (Lost, DeclarationError):
        return None
    return None if told is None else msgspec.msgpack.decode(body, type=list[Finding])


class Trying(Describing):
    """Tells of the models of a folder, and checks fitted ones."""

    def __init__(self, specification: dict[str, Any], channel: Any) -> None:
        self._channel = channel
        super().__init__(specification, channel)

    def on_check(self, body: bytes) -> None:
        """Check one model, and tell what was found without the records, which may hold whatever there is."""
        if util.find_spec("polars") is None:
            self._channel.tell(None)
            return
        # One pause around all: each of the many small runs would count what the worker has set aside, a walk
        # over all its libraries.
        with collector_paused():
            found = attempt(_checked, *pickle.loads(body))  # noqa: S301 - from the parent
        if isinstance(found, Raised):
            self._channel.tell(None)
        else:
            self._channel.tell("checked", msgspec.msgpack.encode([replace(one, record=None) for one in found]))


def _checked(said: dict[str, Any], reading: Reading, seed: int, records: list[Golden]) -> list[Finding]:
    from mlsm.service.checking import check_one

    model = rebuilt(said)
    return check_one(Catalog([model]), model, reading, seed, records)
