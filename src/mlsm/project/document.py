"""The text of `mlsm.toml` and the variables that override it, as one document."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlsm._toml import Lines, TomlPath
from mlsm.errors import ProjectError
from mlsm.project.mistakes import Mistake

__all__ = ["MANIFEST", "Document", "project_text", "read_document"]

MANIFEST = "mlsm.toml"

_PARSER_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Document:
    """Values, and where each of them was written.

    Args:
        values: the tables of the file, with overrides in place.
        lines: the lines of the file's keys.
        variables: the ways to overridden values, each with the variable that gives it.
        file: what the file is called.
        above: the tables of the file in which all this lies.
    """

    values: dict[str, Any]
    lines: Lines
    variables: Mapping[TomlPath, str]
    file: str = MANIFEST
    above: TomlPath = ()

    def place(self, path: TomlPath) -> str:
        """Tell where a value was written: `mlsm.toml:<line>`, or the name of a variable."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.variables:
                return self.variables[path[:end]]
        return f"{self.file}:{self.lines.of((*self.above, *path))}"


def read_document(folder: Path, text: str | None = None) -> Document:
    """Read the project file of a folder, without looking at what it says.

    Args:
        folder: the folder.
        text: what the file would say, None for what it says.

    Raises:
        ProjectError: the file is not there, no UTF-8, or no TOML.
    """
    text = project_text(folder).replace("\r\n", "\n") if text is None else text  # \r\n is what Windows writes
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        found = _PARSER_PLACE.search(said)
        line, column = (found[1], found[2]) if found else (None, None)
        reason = said[: found.start()] if found else said
        raise _unreadable(
            folder,
            line or str(text.count("\n") + 1),
            f"the text is no TOML {f'at column {column}' if column else 'at its end'}: {reason}.",
            "Look for a missing quote or bracket; text, and keys with '@', '.' or spaces, stand in quotes.",
        ) from error
    return Document(values=values, lines=Lines(text), variables={})


def project_text(folder: Path) -> str:
    """Read the text of a project's file, with the ends of lines that it has.

    Raises:
        ProjectError: the file is not there, or no UTF-8.
    """
    file = folder / MANIFEST
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ProjectError(
            f"The project file {str(file)!r} cannot be read: {error.strerror}.",
            hint="`mlsm init DIR` makes a project with a commented one.",
        ) from error
    try:
        return content.decode("utf-8-sig")  # editors on Windows write a mark
    except UnicodeDecodeError as error:
        line = str(content.count(b"\n", 0, error.start) + 1)
        message = f"the byte 0x{content[error.start]:02x} is no UTF-8."
        raise _unreadable(folder, line, message, "Save the file as UTF-8.") from error


def _unreadable(folder: Path, line: str, message: str, hint: str) -> ProjectError:
    mistake = Mistake(f"{MANIFEST}:{line}", message, hint)
    return ProjectError(f"Project {str(folder)!r} has 1 mistake:", problems=[str(mistake)])
