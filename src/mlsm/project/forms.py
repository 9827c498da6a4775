"""Check that the sections, keys and kinds of value of a document are those that exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlsm._toml import TomlPath
from mlsm.project.document import Document
from mlsm.project.keys import ARRAYS, COLUMNS, KEYS, SECTIONS, Form, Key
from mlsm.project.mistakes import Mistake, listed, nearest

__all__ = ["read_values", "shown"]

_EXPECTED: dict[Form, str] = {
    "text": "text in quotes",
    "texts": "a list of texts",
    "whole": "a whole number",
    "number": "a number",
    "table": "a section",
    "count": "a whole number or text",
}


def read_values(document: Document) -> tuple[dict[tuple[str, str], Any], list[Mistake]]:
    """Give the value of every key, its default where it is absent or wrong, and what is wrong."""
    mistakes = [*_surplus(document)]
    found = {}
    for key in KEYS:
        value, wrong = _value(document, key)
        found[key.path] = value
        mistakes += wrong
    return found, mistakes


def shown(value: object) -> str:
    """Name a TOML value in words.

    Example:
        >>> shown("x"), shown(3), shown(True), shown(["x"])
        ("the text 'x'", 'the number 3', 'the flag true', 'a list')
    """
    if isinstance(value, bool):
        return f"the flag {str(value).lower()}"
    if isinstance(value, str):
        return f"the text {value!r}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, Mapping):
        return "a section"
    return "a list" if isinstance(value, list) else f"the time {value}"


def _surplus(document: Document) -> Iterator[Mistake]:
    """Tell of sections and keys that nothing reads."""
    for section, inside in document.values.items():
        place = document.place((section,))
        if section in ARRAYS:
            continue
        if section not in SECTIONS:
            yield _unknown_section(place, section, inside)
        elif not isinstance(inside, Mapping):
            yield Mistake(
                place,
                f"{section!r} is {shown(inside)}; expected a section.",
                f"Write [{section}] on a line of its own, and its keys below.",
            )
        elif section != COLUMNS:
            known = [key.name for key in KEYS if key.section == section]
            for name in inside:
                if name not in known:
                    yield _unknown_key(document.place((section, name)), section, name, known)


def _unknown_section(place: str, section: str, inside: object) -> Mistake:
    if not isinstance(inside, Mapping):
        homes = [key.section for key in KEYS if key.name == section]
        return Mistake(
            place,
            f"the key {section!r} stands outside of any section.",
            f"Move it below [{homes[0]}]." if homes else f"There are the sections {listed(SECTIONS)}.",
        )
    near = nearest(section, SECTIONS)
    return Mistake(
        place,
        f"there is no section [{section}]; expected one of {listed(SECTIONS)}.",
        f"Did you mean [{near}]?" if near else "Remove it.",
    )


def _unknown_key(place: str, section: str, name: str, known: list[str]) -> Mistake:
    near = nearest(name, known)
    elsewhere = [key.section for key in KEYS if key.name == name]
    if near is not None:
        hint = f"Did you mean {near!r}?"
    else:
        hint = f"{name!r} belongs below [{elsewhere[0]}]." if elsewhere else "Remove it."
    return Mistake(place, f"[{section}] has no key {name!r}; expected one of {listed(known)}.", hint)


def _value(document: Document, key: Key) -> tuple[Any, list[Mistake]]:
    section = document.values.get(key.section, {})
    if not isinstance(section, Mapping):
        return key.default, []
    if key.name not in section:
        if not key.required:
            return key.default, []
        place = document.place(key.path)
        return key.default, [Mistake(place, f"[{key.section}] {key.name} is missing.", f"Write {key.example}.")]
    value = section[key.name]
    mistakes = list(_misformed(document, key, value))
    if not mistakes:
        mistakes = [
            Mistake(
                document.place(_within(key.path, wrong.item)), f"[{key.section}] {key.name} {wrong.what}", wrong.hint
            )
            for wrong in key.check(value)
        ]
    return (key.default if mistakes else value), mistakes


def _misformed(document: Document, key: Key, value: Any) -> Iterator[Mistake]:
    if not _has_form(value, key.form):
        yield Mistake(
            document.place(key.path),
            f"[{key.section}] {key.name} is {shown(value)}; expected {_EXPECTED[key.form]}.",
            f"Write {key.example}.",
        )
    elif key.form == "texts":
        for place, item in enumerate(value):
            if not isinstance(item, str):
                yield Mistake(
                    document.place(_within(key.path, place)),
                    f"[{key.section}] {key.name} holds {shown(item)}; expected text in quotes.",
                    f"Write {key.example}.",
                )


def _has_form(value: object, form: Form) -> bool:
    if form in ("whole", "number", "count"):
        kinds: dict[Form, tuple[type, ...]] = {"whole": (int,), "number": (int, float), "count": (int, str)}
        return isinstance(value, kinds[form]) and not isinstance(value, bool)
    return isinstance(value, {"text": str, "texts": list, "table": dict}[form])


def _within(path: TomlPath, item: int | None) -> TomlPath:
    return path if item is None else (*path, item)
