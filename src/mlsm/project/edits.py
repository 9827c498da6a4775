"""Change `mlsm.toml` without losing a comment or the order of anything: what is not meant stays as it is."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from mlsm._model import STATUSES
from mlsm._toml import Lines, Section, toml_text
from mlsm.errors import ProjectError
from mlsm.project.document import MANIFEST

__all__ = ["with_source", "with_statuses", "without_source"]

_WINDOWS = "\r\n"


def with_statuses(text: str, name: str, statuses: Mapping[str, str | None]) -> str:
    r"""Give the text of a project file in which versions of a model have other statuses.

    Args:
        text: the file as it is.
        name: the model's name.
        statuses: by version the status, None where the file is to say nothing of it.

    Raises:
        ProjectError: the text is written in a way that cannot be edited safely.

    Example:
        >>> print(with_statuses('[models.active]\nfit = "1"  # since May\n', "fit", {"2": "active", "1": "draft"}))
        [models.active]
        fit = "2"  # since May
        <BLANKLINE>
        [models.draft]
        fit = "1"
        <BLANKLINE>
    """
    before = tomllib.loads(text)
    expected = _expected(before, name, statuses)

    def edited(rows: list[str]) -> list[str]:
        wanted = [(status, _said(expected, status).get(name)) for status in STATUSES]
        for status, versions in sorted(wanted, key=lambda one: one[1] is None):  # a section goes when the others stand
            if versions != _said(before, status).get(name):
                rows = _stated(rows, status, name, versions)
        return rows

    return _checked(
        text,
        edited,
        expected,
        f"the statuses of {name!r}",
        "Write [models.active], [models.draft] and [models.retired] as sections of their own.",
    )


def with_source(text: str, said: Mapping[str, str]) -> str:
    r"""Give the text of a project file with one more `[[source]]`, behind those that it has or at its end.

    Example:
        >>> print(with_source("", {"name": "acme", "url": "https://git.example.com/acme"}))
        [[source]]
        name = "acme"
        url = "https://git.example.com/acme"
        <BLANKLINE>
    """
    expected = tomllib.loads(text)
    expected["source"] = [*expected.get("source", []), dict(said)]
    new = ["[[source]]", *(f"{key} = {toml_text(value)}" for key, value in said.items())]
    return _checked(text, lambda rows: _behind(rows, _sections(rows, "source"), new), expected, *_SOURCES)


def without_source(text: str, number: int) -> str:
    """Give the text of a project file without one `[[source]]`, counted from 0."""
    expected = tomllib.loads(text)
    del expected["source"][number]
    if not expected["source"]:
        del expected["source"]

    def edited(rows: list[str]) -> list[str]:
        mine = [section for section in _sections(rows, "source") if section.path[1] == number]
        for section in reversed(mine):
            rows = _cut(rows, section)
        return rows

    return _checked(text, edited, expected, *_SOURCES)


_SOURCES = ("its sources", "Write each as [[source]] with its keys below.")


def _checked(
    text: str, edit: Callable[[list[str]], list[str]], expected: Mapping[str, Any], what: str, hint: str
) -> str:
    """Edit the lines of a text, and make sure that this changed what it should and nothing else.

    Raises:
        ProjectError: it did not.
    """
    windows = 0 < text.count("\n") == text.count(_WINDOWS)
    edited = "\n".join(edit((text.replace(_WINDOWS, "\n") if windows else text).split("\n")))
    try:
        found: Mapping[str, Any] | None = tomllib.loads(edited)
    except tomllib.TOMLDecodeError:  # such as a section of what is written in braces elsewhere
        found = None
    if found is None or _filled(found) != _filled(expected):
        raise ProjectError(f"{MANIFEST} writes {what} in a way that cannot be edited safely.", hint=hint)
    return edited.replace("\n", _WINDOWS) if windows else edited


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out sections of statuses that say nothing, which come and go with what stands in them."""
    models = {key: value for key, value in values.get("models", {}).items() if value or key not in STATUSES}
    rest = {key: value for key, value in values.items() if key != "models"}
    return {**rest, "models": models} if models else rest


def _expected(values: Mapping[str, Any], name: str, statuses: Mapping[str, str | None]) -> dict[str, Any]:
    """Say what the file must hold afterwards: a text for one version, a list for several."""
    expected = copy.deepcopy(dict(values))
    for status in STATUSES:
        said = _said(values, status).get(name, [])
        before = [said] if isinstance(said, str) else list(said)
        after = [version for version in before if version not in statuses or statuses[version] == status]
        after += [version for version, wanted in statuses.items() if wanted == status and version not in after]
        if after != before:
            section = expected.setdefault("models", {}).setdefault(status, {})
            section.pop(name, None)
            if after:
                section[name] = after[0] if len(after) == 1 else after
    return expected


def _said(values: Mapping[str, Any], status: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = values.get("models", {}).get(status, {})
    return found


def _sections(rows: list[str], *path: str) -> list[Section]:
    """List the sections under a header."""
    return [section for section in Lines("\n".join(rows)).sections if section.path[: len(path)] == path]


def _stated(rows: list[str], status: str, name: str, versions: str | list[str] | None) -> list[str]:
    """Write the versions of a model that have a status; a section in which nothing is left goes."""
    import tomlkit

    text = "\n".join(rows)
    if status not in tomllib.loads(text).get("models", {}):
        new = [f"[models.{status}]", f"{tomlkit.key(name).as_string()} = {tomlkit.item(versions).as_string()}"]
        return _behind(rows, [one for status in STATUSES for one in _sections(rows, "models", status)], new)
    lines = Lines(text)
    line = lines.of(("models", status))
    section = [one for one in lines.sections if one.first <= line][-1]
    document = tomlkit.parse("\n".join(rows[section.first - 1 : section.last]) + "\n")
    said: Any = document["models"]
    if versions is not None:
        said[status][name] = versions
    else:
        del said[status][name]
        if not said[status] and "#" not in said[status].as_string() + said[status].trivia.comment:
            if section.path == ("models", status):
                return _cut(rows, section)
            del said[status]
    edited = tomlkit.dumps(document).removesuffix("\n").split("\n")
    return [*rows[: section.first - 1], *edited, *rows[section.last :]]


def _behind(rows: list[str], sections: list[Section], new: list[str]) -> list[str]:
    """Put a new section behind the last one of some, and at the end where there is none."""
    at = max((section.last for section in sections), default=len(rows))
    below = next((place for place in range(at, len(rows)) if not rows[place].lstrip().startswith("#")), len(rows))
    if below == len(rows) or not rows[below].strip():
        at = below  # comments directly below belong to what is above, unless a header follows them
    while at and not rows[at - 1].strip():
        at -= 1
    before, after = rows[:at], rows[at:] or [""]
    return [*before, *([""] if before else []), *new, *([""] if after[0].strip() else []), *after]


def _cut(rows: list[str], section: Section) -> list[str]:
    """Take a section out, from its header to its last key; comments around it stay."""
    before, after = rows[: section.first - 1], rows[section.last :]
    while after and not after[0].strip() and (not before or not before[-1].strip()):
        if not before:
            after = after[1:]
        else:
            before = before[:-1]
    return before + after
