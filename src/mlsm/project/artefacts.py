"""A file becomes a model: its kind is found out, and it tells of itself what it can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from mlsm._fields import Fields, Reading, field_reader, fields_of_mapping
from mlsm._model import ArtefactModel, check_key
from mlsm._result import Problem
from mlsm._typing import Function
from mlsm.contracts import ArtefactRuntime, Description
from mlsm.errors import DeclarationError
from mlsm.project.mistakes import listed, nearest
from mlsm.runtimes import ARTEFACTS, OPTIONS

__all__ = ["declare_artefact", "kind_of"]

_ENDINGS = {
    ".joblib": "sklearn",
    ".onnx": "onnx",
    ".pickle": "sklearn",
    ".pkl": "sklearn",
    ".skops": "sklearn",
    ".toml": "scorecard",
    ".ubj": "xgboost",
}
_HEAD_BYTES = 64


def kind_of(path: Path) -> str | None:
    """Find out from its ending, its name or its first bytes what kind of model a file holds.

    Example:
        >>> kind_of(Path("propensity.skops"))
        'sklearn'
    """
    if path.suffix in _ENDINGS:
        return _ENDINGS[path.suffix]
    if (path / "MLmodel").is_file():
        return "mlflow"
    if path.is_file():
        with path.open("rb") as opened:
            head = opened.read(_HEAD_BYTES).lstrip()
        if head.startswith((b"tree\n", b"tree\r")):
            return "lightgbm"
        if head.startswith(b"{"):
            return "xgboost"
    return None


def declare_artefact(
    path: Path,
    *,
    name: str,
    version: str,
    kind: str | None = None,
    status: str = "draft",
    fields: Mapping[str, Any] | Fields | None = None,
    range: tuple[float, float] | None = None,  # noqa: A002 - the field's word
    labels: Sequence[str] | None = None,
    when: Function | None = None,
    options: Mapping[str, Any] | None = None,
    source: str | None = None,
) -> ArtefactModel:
    """Make a model of a file.

    Args:
        path: the file, or the folder.
        name: the model's name.
        version: its version.
        status: its status.
        kind: its runtime, None to find it out.
        fields: what it reads; needed where the file does not tell, and narrower where it does.
        range: the least and the greatest score, where the file does not tell or tells otherwise.
        labels: every label, best first, likewise.
        when: a condition over some of the fields.
        options: what the runtime is told.
        source: where it comes from, for people.

    Raises:
        DeclarationError: the kind is unknown, or what is said does not fit the file.
        InputError: it is not of its kind, or damaged.
        MissingExtraError: the library that reads it is not installed.
    """
    check_key(name, version)
    found = kind_of(path) if kind is None else kind
    if found not in ARTEFACTS:
        told = f"is of the kind {kind!r}" if kind is not None else "does not tell its kind"
        raise DeclarationError(
            f"The file {str(path)!r} of model '{name}@{version}' {told}; expected one of {listed(ARTEFACTS)}.",
            hint='Name it: kind = "lightgbm".',
        )
    runtime: ArtefactRuntime = import_module(ARTEFACTS[found])
    options = dict(options or {})
    described = runtime.describe(path, options)
    key = f"{name}@{version}"
    _check_options(options, found, key)
    inputs = _fields(described, fields, key)
    if "baseline" in options:
        options["baseline"] = _baseline(options["baseline"], inputs, key)
    return ArtefactModel(
        name,
        inputs,
        version,
        kind=found,
        path=path.resolve(),
        options=options,
        status=status,
        wants_as_of=described.wants_as_of,
        notes=described.notes,
        when=when,
        range=described.range if range is None else range,
        labels=described.labels if labels is None else labels,
        source=str(path) if source is None else source,
    )


def _check_options(options: Mapping[str, Any], kind: str, key: str) -> None:
    """Refuse what this kind of file is never asked for: it would be left unread without a word."""
    for name in options:
        if name not in OPTIONS[kind]:
            near = nearest(name, OPTIONS[kind])
            raise DeclarationError(
                f"Model {key!r} has the option {name!r}; a file of the kind {kind!r} takes {listed(OPTIONS[kind])}.",
                hint=f"Did you mean {near!r}?" if near else "Remove it.",
            )


def _baseline(told: object, inputs: Fields, key: str) -> dict[str, Any]:
    """Read what reasons compare with, each value as its field reads it."""
    if not isinstance(told, Mapping):
        raise DeclarationError(f"The baseline of model {key!r} is {told!r}; expected values of fields, by name.")
    problems: list[Problem] = []
    found = {}
    for name, value in told.items():
        if name not in inputs.names:
            near = nearest(str(name), inputs.names)
            raise DeclarationError(
                f"The baseline of model {key!r} names {name!r}; expected fields of it: {listed(inputs.names, 40)}.",
                hint=f"Did you mean {near!r}?" if near else None,
            )
        read = field_reader(inputs[name], Reading())(value, problems)
        found[name] = value if value == read else read  # as it was written, so that the digest stays
    if problems:
        told_problems = list(map(str, problems))
        raise DeclarationError(f"The baseline of model {key!r} does not fit its fields:", problems=told_problems)
    return found


def _fields(described: Description, fields: Mapping[str, Any] | Fields | None, key: str) -> Fields:
    """Take the declared fields where there are any; they must be those that the file names, if it does."""
    if fields is None:
        if described.fields is None:
            raise DeclarationError(
                f"The file of model {key!r} does not tell its fields; expected them to be declared.",
                hint='Declare them in the file\'s own order: fields = {age = "int", balance = "float"}.',
            )
        return described.fields
    declared = fields if isinstance(fields, Fields) else fields_of_mapping(fields)
    if described.fields is None:
        return declared
    names = described.fields.names
    if unknown := [name for name in declared.names if name not in names]:
        raise DeclarationError(f"Model {key!r} has no fields {unknown}; its file names {list(names)}.")
    narrowed = {field.name: field for field in declared}
    return Fields([narrowed.get(field.name, field) for field in described.fields])
