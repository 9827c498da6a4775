"""A model that is a file: a fitted pipeline, a booster, a points table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlsm._digest import digest_of_files
from mlsm._fields import Fields
from mlsm._model.isolation import Isolation
from mlsm._model.model import Model
from mlsm._typing import Function
from mlsm.errors import DeclarationError

__all__ = ["ArtefactModel"]

_SINGLE_PRECISION = frozenset({"mlflow", "onnx", "xgboost"})
"""Kinds that count in float32, or may."""
_TOLERANCE_SINGLE = 1e-6


class ArtefactModel(Model):
    """A model whose answers come from a file that a runtime loads.

    Args:
        name: without white space or `@`.
        fields: what it reads.
        version: an opaque text.
        kind: the runtime: `sklearn`, `lightgbm`, `xgboost`, `onnx`, `mlflow` or `scorecard`.
        path: the file, or the folder.
        options: what the runtime is told besides, as in `mlsm.toml`.
        status: `active`, `draft` or `retired`.
        wants_as_of: whether its score depends on the run's clock.
        notes: what people should know of it, a sentence each.
        when, range, labels, source, isolation, timeout, memory, python: as for `Model`.
    """

    __slots__ = ("_wants_as_of", "kind", "notes", "options", "path")

    kind: str
    path: Path
    options: Mapping[str, Any]
    notes: tuple[str, ...]
    _wants_as_of: bool

    def __init__(
        self,
        name: str,
        fields: Mapping[str, Any] | Fields,
        version: str,
        *,
        kind: str,
        path: Path,
        options: Mapping[str, Any] | None = None,
        status: str = "draft",
        wants_as_of: bool = False,
        notes: Sequence[str] = (),
        when: Function | None = None,
        range: tuple[float, float] | None = None,  # noqa: A002 - the field's word
        labels: Sequence[str] | None = None,
        source: str | None = None,
        isolation: str | Isolation | None = None,
        timeout: float | tuple[float, float] | None = None,
        memory: int | str | None = None,
        python: str | Path | None = None,
    ) -> None:
        super().__init__(
            name, fields, version, _uncallable, status,
            call="fields", when=when, range=range, labels=labels, source=source,
            isolation=isolation, timeout=timeout, memory=memory, python=python,
        )  # fmt: skip
        self._set(kind=kind, path=path, options=dict(options or {}), notes=tuple(notes), _wants_as_of=wants_as_of)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002 - the base's
        """Refuse: the model is no function.

        Raises:
            DeclarationError: always.
        """
        raise DeclarationError(
            f"Model {self.key!r} is the file {str(self.path)!r} and no function; it cannot be called.",
            hint="Score with it through `mlsm.score` or `mlsm.score_one`.",
        )

    @property
    def tolerance(self) -> float:
        """Tell how far two of its scores of one record may lie apart, relative to the greater or 1."""
        return _TOLERANCE_SINGLE if self.kind in _SINGLE_PRECISION else super().tolerance

    @property
    def wants_as_of(self) -> bool:
        """Tell whether the score depends on the run's clock."""
        return self._wants_as_of

    @property
    def loaded_digest(self) -> str:
        """Hash what another process loads of it: a condition may stand in a script, and is asked here."""
        return self._with(when=None).digest

    def _digested(self) -> dict[str, Any]:
        own = {"kind": self.kind, "files": digest_of_files(self.path), "options": self.options, "function": None}
        return super()._digested() | own


def _uncallable() -> None:
    """Stand where the others have a function."""
