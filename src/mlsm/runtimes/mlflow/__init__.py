"""MLflow models, from a local folder.

A flavour that this package has a runtime of its own for goes to that runtime, without MLflow:
one record then costs microseconds, and a file that runs code when it is opened is opened on
trust alone. Anything else is asked through MLflow's pyfunc, which always runs the code of the
folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from mlsm._fields import Field, Fields
from mlsm._model import ArtefactModel
from mlsm.contracts import ArtefactRuntime, Description, Predictor
from mlsm.errors import DeclarationError, MissingExtraError
from mlsm.runtimes import ARTEFACTS
from mlsm.runtimes._options import output_of
from mlsm.runtimes.mlflow.folder import Folder, Native, read_folder

__all__ = ["describe", "load"]


def describe(path: Path, options: Mapping[str, Any]) -> Description:
    """Tell what an MLflow model says of itself: its signature becomes its fields.

    Args:
        path: the folder that holds the file `MLmodel`.
        options: those of the flavour's own runtime; for pyfunc `trust` must be true, `tensor`
            names a column of the answer where there are several, and `class` counts those of
            an array.

    Raises:
        DeclarationError: the options do not fit it, or its signature is not of plain columns.
        InputError: it is not there, or is damaged.
        MissingExtraError: the library that reads it is not installed.
    """
    folder = read_folder(path)
    native = folder.native()
    if native is None:
        _check_pyfunc(folder, options)
        output = output_of(options)
        likely = output.of == "probability"
        return Description(
            fields=folder.fields,
            range=(min(0.0, output.scale), max(0.0, output.scale)) if likely else None,
            notes=("It is asked through MLflow's pyfunc, which takes milliseconds for one record.",),
        )
    described = _runtime(native).describe(native.path, options)
    note = f"Its flavour {native.flavour!r} is run by the runtime {native.kind!r}, without MLflow."
    return replace(described, fields=_joined(folder, native, described.fields), notes=(*described.notes, note))


def load(model: ArtefactModel) -> Predictor:
    """Make an MLflow model callable; raises as `describe` does."""
    folder = read_folder(model.path)
    native = folder.native()
    if native is not None:
        return _runtime(native).load(_inner(model, native))
    _check_pyfunc(folder, model.options)
    try:
        from mlsm.runtimes.mlflow.pyfunc import load_pyfunc

        return load_pyfunc(folder, model)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"An MLflow model needs {error.name}, which is not installed.", hint="Install the extra mlsm[mlflow]."
        ) from error


def _runtime(native: Native) -> ArtefactRuntime:
    runtime: ArtefactRuntime = import_module(ARTEFACTS[native.kind])
    return runtime


def _inner(model: ArtefactModel, native: Native) -> ArtefactModel:
    """Make the model that the flavour's own runtime loads."""
    return ArtefactModel(
        model.name,
        model.inputs,
        model.version,
        kind=native.kind,
        path=native.path,
        options=model.options,
        status=model.status,
        wants_as_of=model.wants_as_of,
        range=model.range,
        labels=model.labels,
    )


def _check_pyfunc(folder: Folder, options: Mapping[str, Any]) -> None:
    """Refuse a model that pyfunc cannot be asked about, or may not.

    Raises:
        DeclarationError: it has no such flavour, is not trusted, or answers with several columns.
    """
    if "python_function" not in folder.flavours:
        raise DeclarationError(
            f"The MLflow model {str(folder.path)!r} has the flavours {', '.join(map(repr, folder.flavours))}; "
            "expected 'python_function' or one of 'lightgbm', 'onnx', 'sklearn', 'xgboost'."
        )
    if options.get("trust") is not True:
        raise DeclarationError(
            f"The MLflow model {str(folder.path)!r} runs code of its own when it is loaded; "
            "expected to be told that it is trusted.",
            hint="Read its code, then say trust = true.",
        )
    tensor, outputs = output_of(options).tensor, folder.outputs
    unclear = tensor is None and len(outputs) > 1 and not {"score", "label"} & set(outputs)
    if outputs and (unclear or (tensor is not None and tensor not in outputs)):
        raise DeclarationError(
            f"The MLflow model {str(folder.path)!r} answers with the columns {', '.join(map(repr, outputs))}, of which "
            f"{'none is named as the score' if tensor is None else f'{tensor!r} is none'}.",
            hint=f"Name one: tensor = {outputs[0]!r}.",
        )


def _joined(folder: Folder, native: Native, own: Fields | None) -> Fields | None:
    """Join what the signature says with what the file itself says: names in the order of the file.

    Raises:
        DeclarationError: they name different columns.
    """
    signed = folder.fields
    if own is None or signed is None:
        return own if signed is None else signed
    if set(own.names) == set(signed.names):
        return Fields([_both(field, signed[field.name]) for field in own])
    if native.kind == "lightgbm" and len(own) == len(signed):  # it is handed columns by position, whatever their names
        pairs = zip(own, signed, strict=True)
        return Fields([_both(field, told) for field, told in pairs])
    raise DeclarationError(
        f"The signature of the MLflow model {str(folder.path)!r} does not fit its file {native.path.name!r}.",
        problems=[
            f"only the signature names {sorted(set(signed.names) - set(own.names))}",
            f"only the file names {sorted(set(own.names) - set(signed.names))}",
        ],
        hint="Log the model again with the signature of the frame that it was fitted on.",
    )


def _both(own: Field, signed: Field) -> Field:
    """Give a field of the file's name and the signature's column; it may be empty where both say so."""
    plain = own.kind.name in ("int", "float", "bool", "str")
    return Field(
        name=own.name,
        column=signed.column,
        kind=signed.kind if plain else own.kind,
        nullable=own.nullable and signed.nullable,
        default=own.default,
    )
