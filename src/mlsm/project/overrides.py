"""`MLSM_*` variables: every value of `mlsm.toml` can be given from outside.

`MLSM_<SECTION>_<KEY>` overrides a key, `MLSM_COLUMNS` the section of columns. Lists are
parted by commas or written as JSON; sections (`MLSM_MODELS_ACTIVE`, `MLSM_COLUMNS`) are JSON
objects and change the names that they hold. What a variable says is checked as if it stood
in the file.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mlsm._toml import TomlPath
from mlsm.project.document import Document
from mlsm.project.keys import COLUMNS, KEYS, Form
from mlsm.project.mistakes import Mistake, nearest

__all__ = ["PREFIX", "override"]

PREFIX = "MLSM_"

_TARGETS: dict[str, tuple[TomlPath, Form]] = {key.variable: (key.path, key.form) for key in KEYS}
_TARGETS[f"{PREFIX}{COLUMNS}".upper()] = ((COLUMNS,), "table")

_OTHERS = frozenset({"MLSM_HOME", "MLSM_DATA"})
"""Variables that are no values of the project file: folders that commands and tests look at."""


def override(document: Document, environ: Mapping[str, str]) -> tuple[Document, list[Mistake]]:
    """Put what variables say over what the file says."""
    mistakes = []
    values: dict[str, Any] = copy.deepcopy(document.values)
    variables: dict[TomlPath, str] = {}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in _OTHERS:
            continue
        if name not in _TARGETS:
            mistakes.append(_unknown(name))
            continue
        path, form = _TARGETS[name]
        _put(values, path, _read(environ[name], form), name, variables)
    return replace(document, values=values, variables=variables), mistakes


def _unknown(name: str) -> Mistake:
    # Without the prefix, which would make any two of them look alike.
    near = nearest(name.removeprefix(PREFIX), [known.removeprefix(PREFIX) for known in (*_TARGETS, *_OTHERS)])
    return Mistake(
        name,
        "the variable belongs to no key of mlsm.toml; expected MLSM_<SECTION>_<KEY>, such as MLSM_STORE_URL.",
        f"Did you mean {PREFIX}{near}?" if near else "Unset it.",
    )


def _read(text: str, form: Form) -> Any:
    """Read a variable by the form of its key; text that cannot be read stays, and is told of later."""
    stripped = text.strip()
    try:
        if form in ("whole", "count"):
            return int(stripped)
        if form == "number":
            return float(stripped)
        if form == "table" or (form == "texts" and stripped.startswith("[")):
            return json.loads(stripped)
    except ValueError:
        return text
    if form == "texts":
        return [part.strip() for part in text.split(",")] if stripped else []
    return text


def _put(values: dict[str, Any], path: TomlPath, value: Any, name: str, variables: dict[TomlPath, str]) -> None:
    """Set a value; where an object meets a table, set its members one by one."""
    *around, last = path
    table = values
    for key in around:
        inside = table.setdefault(str(key), {})
        if not isinstance(inside, dict):  # a mistake of the file, told where its form is checked
            return
        table = inside
    present = table.get(str(last))
    if isinstance(value, dict) and isinstance(present, dict):
        for key, member in value.items():
            _put(values, (*path, key), member, name, variables)
        return
    table[str(last)] = value
    variables[path] = name
