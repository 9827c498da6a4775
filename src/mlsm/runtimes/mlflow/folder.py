"""The folder of an MLflow model, read without MLflow: importing that takes seconds, this a millisecond."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import GenericAlias
from typing import Any

from mlsm._fields import Fields, fields_of_mapping
from mlsm._guard import Raised, attempt
from mlsm.errors import DeclarationError, InputError, MissingExtraError

__all__ = ["Folder", "Native", "read_folder"]

_FILES = {"sklearn": "pickled_model", "lightgbm": "data", "xgboost": "data", "onnx": "data"}
"""The flavours that have a runtime here, and where each names its file."""
_PICKLED = frozenset({".joblib", ".pickle", ".pkl", ".skops"})
"""Endings of files that hold a Python object, whatever library it is of."""
_ANNOTATIONS: Mapping[str, Any] = {
    "boolean": bool,
    "datetime": datetime,
    "double": float,
    "float": float,
    "integer": int,
    "long": int,
    "string": str,
}


@dataclass(frozen=True, slots=True)
class Native:
    """A file within the folder that a runtime of ours reads."""

    flavour: str
    kind: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What `MLmodel` says.

    Args:
        path: the folder.
        flavours: by name what each says.
        fields: the signature's columns, None where there are none with names.
        types: MLflow's name of the type of each.
        outputs: the names of the columns of the answer, where they have names.
    """

    path: Path
    flavours: Mapping[str, Mapping[str, Any]]
    fields: Fields | None
    types: Mapping[str, str]
    outputs: tuple[str, ...]

    def native(self) -> Native | None:
        """Find the file that a runtime of ours reads; none where the model brings code of its own.

        Raises:
            InputError: it lies outside the folder, or is not there.
        """
        for flavour, key in _FILES.items():
            said = self.flavours.get(flavour)
            if said is None or said.get("code"):
                continue
            path = self.path / str(said.get(key))
            if not path.resolve().is_relative_to(self.path.resolve()) or not path.is_file():
                raise InputError(
                    f"The MLflow model {str(self.path)!r} has no file {str(said.get(key))!r}, which its flavour "
                    f"{flavour!r} names; expected it in the folder."
                )
            return Native(flavour, "sklearn" if path.suffix in _PICKLED else flavour, path)
        return None


def read_folder(path: Path) -> Folder:
    """Read the file `MLmodel` of a folder.

    Raises:
        DeclarationError: its signature has columns of a type that no field has.
        InputError: it is not there, or is damaged.
        MissingExtraError: PyYAML is not installed.
    """
    file = path / "MLmodel"
    if not file.is_file():
        raise InputError(
            f"There is no file 'MLmodel' in {str(path)!r}; expected the folder of an MLflow model.",
            hint="Download a registered model first: `mlflow artifacts download`.",
        )
    said = _document(file)
    signature = said.get("signature") or {}
    columns = _columns(signature, "inputs", path)
    types = {column["name"]: str(column.get("type")) for column in columns}
    return Folder(
        path=path,
        flavours=said["flavors"],
        fields=_fields(columns, path) if columns else None,
        types=types,
        outputs=tuple(column["name"] for column in _columns(signature, "outputs", path)),
    )


def _document(file: Path) -> dict[str, Any]:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "PyYAML is not installed, which reads MLflow's models.", hint="Install the extra mlsm[mlflow]."
        ) from error
    said = attempt(yaml.safe_load, file.read_bytes())
    flavours = said.get("flavors") if isinstance(said, dict) else None
    if isinstance(said, dict) and isinstance(flavours, dict) and all(isinstance(f, dict) for f in flavours.values()):
        return said
    reason = said.failure.message if isinstance(said, Raised) else "it names no flavors"
    raise InputError(f"The file {str(file)!r} cannot be read as MLflow's: {reason}.", hint="Save the model again.")


def _columns(signature: Any, side: str, path: Path) -> list[dict[str, Any]]:
    """Give the columns of one side of a signature; none where it tells tensors, or no names."""
    text = signature.get(side) if isinstance(signature, dict) else None
    if not text:
        return []
    columns = attempt(json.loads, text)
    if not isinstance(columns, list) or not all(isinstance(column, dict) for column in columns):
        raise InputError(
            f"The signature of the MLflow model {str(path)!r} cannot be read; expected JSON of its {side}, "
            f"got {text!r}."
        )
    return columns if all("name" in column and column.get("type") != "tensor" for column in columns) else []


def _fields(columns: list[dict[str, Any]], path: Path) -> Fields:
    annotations = {column["name"]: _annotation(column) for column in columns}
    if wrong := [name for name, annotation in annotations.items() if annotation is None]:
        told = {column["name"]: column.get("type") for column in columns}
        raise DeclarationError(
            f"The signature of the MLflow model {str(path)!r} has columns that no field can be.",
            problems=[f"{name!r} is {told[name]}; expected one of {', '.join(sorted(_ANNOTATIONS))}" for name in wrong],
        )
    optional = {column["name"] for column in columns if not column.get("required", True)}
    return fields_of_mapping({name: one | None if name in optional else one for name, one in annotations.items()})


def _annotation(column: Mapping[str, Any]) -> Any:
    """Give the type of a column; an array is a list of a plain type."""
    if column.get("type") == "array":
        item = _annotation(column.get("items") or {})
        return None if item is None else GenericAlias(list, (item,))
    return _ANNOTATIONS.get(str(column.get("type")))
