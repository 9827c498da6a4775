"""Change `mlsm.toml` without losing a comment or the order of anything."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlsm._model import STATUSES
from mlsm.errors import ProjectError
from mlsm.project.document import MANIFEST

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

__all__ = ["with_source", "with_statuses", "without_source"]


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
    import tomlkit

    expected = _expected(tomllib.loads(text), name, statuses)
    document = tomlkit.parse(text)
    for status in STATUSES:
        versions = expected.get(status, {}).get(name)
        if _said(document, status).get(name) != versions:
            _write(document, status, name, versions)
    edited = tomlkit.dumps(document)
    found = tomllib.loads(edited).get("models", {})
    if {status: found.get(status, {}).get(name) for status in STATUSES} != {
        status: expected.get(status, {}).get(name) for status in STATUSES
    }:
        raise ProjectError(
            f"{MANIFEST} writes the statuses of {name!r} in a way that cannot be edited safely.",
            hint="Write [models.active], [models.draft] and [models.retired] as sections of their own.",
        )
    return edited


def with_source(text: str, said: Mapping[str, str]) -> str:
    r"""Give the text of a project file with one more `[[source]]` at its end.

    Example:
        >>> print(with_source("", {"name": "acme", "url": "https://git.example.com/acme"}))
        [[source]]
        name = "acme"
        url = "https://git.example.com/acme"
        <BLANKLINE>
    """
    lines = ["[[source]]", *(f"{key} = {json.dumps(value)}" for key, value in said.items())]
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    edited = text + gap + "\n".join(lines) + "\n"
    return _checked(edited, {**tomllib.loads(text)}, [*tomllib.loads(text).get("source", []), dict(said)])


def without_source(text: str, number: int) -> str:
    """Give the text of a project file without one `[[source]]`, counted from 0."""
    import tomlkit

    before = tomllib.loads(text)
    left = [said for place, said in enumerate(before["source"]) if place != number]
    document = tomlkit.parse(text)
    sources: Any = document["source"]
    if left:
        del sources[number]
    else:
        del document["source"]
    return _checked(tomlkit.dumps(document), before, left)


def _checked(edited: str, before: Mapping[str, Any], sources: list[Any]) -> str:
    """Make sure that nothing but the sources changed."""
    expected = {**before, "source": sources} if sources else {k: v for k, v in before.items() if k != "source"}
    if tomllib.loads(edited) != expected:
        raise ProjectError(
            f"{MANIFEST} writes its sources in a way that cannot be edited safely.",
            hint="Write each as [[source]] with its keys below.",
        )
    return edited


def _expected(values: Mapping[str, Any], name: str, statuses: Mapping[str, str | None]) -> dict[str, dict[str, Any]]:
    """Say what the sections must hold afterwards: a text for one version, a list for several."""
    models = values.get("models", {})
    expected: dict[str, dict[str, Any]] = {}
    for status in STATUSES:
        said = models.get(status, {}).get(name, [])
        before = [said] if isinstance(said, str) else list(said)
        after = [version for version in before if version not in statuses or statuses[version] == status]
        after += [version for version, wanted in statuses.items() if wanted == status and version not in after]
        if after == before:
            expected[status] = {name: said} if before else {}
        else:
            expected[status] = {name: after[0] if len(after) == 1 else after} if after else {}
    return expected


def _said(document: TOMLDocument, status: str) -> Mapping[str, Any]:
    section = document.get("models", {}).get(status, {})
    return {name: value.unwrap() if hasattr(value, "unwrap") else value for name, value in section.items()}


def _write(document: TOMLDocument, status: str, name: str, versions: str | list[str] | None) -> None:
    import tomlkit

    if "models" not in document:
        document["models"] = tomlkit.table(is_super_table=True)
    models: Any = document["models"]
    if versions is None:
        del models[status][name]
        return
    if status not in models:
        _parted(document)
        models[status] = tomlkit.table()
    models[status][name] = versions


def _parted(document: TOMLDocument) -> None:
    """End the text before a new section with an empty line."""
    import tomlkit

    text = tomlkit.dumps(document)
    if text and not text.endswith("\n\n"):
        last: Any = document.body[-1][1] if document.body else None
        while hasattr(last, "value") and hasattr(last.value, "body") and last.value.body:
            inner = last.value.body[-1][1]
            if not hasattr(getattr(inner, "value", None), "body"):
                break
            last = inner
        if hasattr(last, "add"):
            last.add(tomlkit.nl())
