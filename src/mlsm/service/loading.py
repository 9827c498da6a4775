"""Models from files: a Python file, a folder of them, a project, or a fitted model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, overload

from mlsm._catalog import Catalog
from mlsm._collector import collector_paused
from mlsm._model import ArtefactModel, Isolation, Model, RuleSummary
from mlsm._typing import Function
from mlsm.errors import DeclarationError, InputError
from mlsm.project import declare_artefact, kind_of, load_catalog
from mlsm.project.finder import installed_finder

__all__ = ["load"]


@overload
def load(
    path: str | Path,
    *,
    isolation: str | None = None,
    timeout: float | tuple[float, float] | None = None,
    memory: int | str | None = None,
    python: str | Path | None = None,
) -> Catalog: ...
@overload
def load(
    path: str | Path,
    *,
    name: str,
    version: str,
    kind: str | None = None,
    status: str = "draft",
    fields: Mapping[str, Any] | None = None,
    range: tuple[float, float] | None = None,
    labels: Sequence[str] | None = None,
    when: Function | None = None,
    isolation: str | None = None,
    timeout: float | tuple[float, float] | None = None,
    memory: int | str | None = None,
    python: str | Path | None = None,
    **options: Any,
) -> ArtefactModel: ...
@collector_paused()
def load(
    path: str | Path,
    *,
    name: str | None = None,
    version: str | None = None,
    kind: str | None = None,
    status: str = "draft",
    fields: Mapping[str, Any] | None = None,
    range: tuple[float, float] | None = None,  # noqa: A002 - the field's word
    labels: Sequence[str] | None = None,
    when: Function | None = None,
    isolation: str | None = None,
    timeout: float | tuple[float, float] | None = None,
    memory: int | str | None = None,
    python: str | Path | None = None,
    **options: Any,
) -> Catalog | Model:
    """Load the models of a `.py` file, of a folder of such files, or of a project; or one fitted model.

    A file that holds a fitted model needs a name and a version; it gives one model.

    Args:
        path: the file or folder; one with a `mlsm.toml` is a project, whose statuses and
            columns apply.
        name: the one model's name.
        version: its version.
        status: its status.
        kind: `sklearn`, `lightgbm`, `xgboost`, `onnx`, `mlflow` or `scorecard`; found out from
            the file where that can be.
        fields: what it reads, where the file does not tell.
        range: the least and the greatest score, where the file does not tell.
        labels: every label, best first.
        when: a condition over some of the fields; where it is false the model abstains.
        isolation: `inline`, `process` or `env`: where it runs; of a whole source, where its
            models run of which the code says nothing.
        timeout: seconds for one record, or `(record, part)`.
        memory: the most bytes of its process, or text such as `512MB`.
        python: with `env`, the interpreter of its environment.
        options: what its kind takes besides: `output`, `classes`, `scale`, `trust`, `tensor`,
            `baseline`; which class's probability is `**{"class": "yes"}`.

    Raises:
        ProjectError: a file cannot be loaded, or the project has mistakes; all are told.
        InputError: there is no such file, or it is not of its kind.
        DeclarationError: what is said of the model does not fit it.
        MissingExtraError: the library that reads it is not installed.

    Example:
        >>> import tempfile
        >>> code = "import mlsm; size = mlsm.model(version='1', name='size', fields={'x': int})(lambda x: x / 10)"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "size_of_firm.py").write_text(code)
        ...     list(load(folder))
        ['size@1']
    """
    found = Path(path)
    if not found.exists():
        raise InputError(
            f"There is no {str(path)!r}.",
            hint="Name a .py file, a folder of them, a project's folder, or the file of a fitted model.",
        )
    wanted = Isolation.of(isolation, timeout=timeout, memory=memory, python=python)
    if name is None or version is None:
        if name is not None or version is not None or options or _is_fitted(found):
            raise DeclarationError(
                f"{str(path)!r} is loaded without a {'name' if name is None else 'version'}; expected name and version "
                "where it holds a fitted model or a scorecard, and neither where it holds Python code or a project.",
                hint='Such as mlsm.load("propensity.skops", name="propensity", version="1.0").',
            )
        if not wanted.isolated:
            return _all(load_catalog(found), wanted)
        with installed_finder().lent():
            return _all(load_catalog(found), wanted)
    return declare_artefact(
        found, name=name, version=version, kind=kind, status=status, fields=fields,
        range=range, labels=labels, when=when, options=options,
    ).with_isolation(wanted)  # fmt: skip


def _is_fitted(path: Path) -> bool:
    return path.suffix != ".py" and path.name != "mlsm.toml" and kind_of(path) is not None


def _all(catalog: Catalog, wanted: Isolation) -> Catalog:
    return catalog if wanted == Isolation() else Catalog(_elsewhere(model, wanted) for model in catalog.values())


def _elsewhere(model: Model, wanted: Isolation) -> Model:
    return model if isinstance(model, RuleSummary) else model.with_isolation(model.isolation.over(wanted))
