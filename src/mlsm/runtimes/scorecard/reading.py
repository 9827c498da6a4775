"""From TOML text to a table: every mistake at once, each with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mlsm._toml import Lines, Places, TomlPath
from mlsm.errors import InputError
from mlsm.runtimes.scorecard.keys import (
    FIELD_KEYS,
    GRID_KEYS,
    GROUP_KEYS,
    ROOT_KEYS,
    RULE_KEYS,
    Key,
    UnfitError,
    number_of,
)
from mlsm.runtimes.scorecard.mistakes import Mistake, nearest, refusal
from mlsm.runtimes.scorecard.rules import grid_mistakes, rule_mistakes
from mlsm.runtimes.scorecard.table import REST, Declared, Grid, Group, Labels, Rule, Table

__all__ = ["read_document", "read_file", "read_table"]

_SECTIONS = ("fields", "labels", "group", "grid", "rule")
_RESERVED = ("score", "label", "reasons", "output")
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def read_file(path: Path) -> Table:
    """Read a points table.

    Raises:
        InputError: the file cannot be read.
        DeclarationError: what it says is no points table.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            f"The scorecard {str(path)!r} cannot be read: {error.strerror}.",
            hint="Look for a typing error in the path.",
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"The scorecard {str(path)!r} is no UTF-8.", hint="Save the file as UTF-8.") from error
    return read_table(text.replace("\r\n", "\n"), path.name)


def read_table(text: str, source: str = "scorecard.toml") -> Table:
    r"""Read a points table from its text.

    Raises:
        DeclarationError: with every mistake and its line.

    Example:
        >>> table = read_table('baseline = 10\n[[rule]]\nfield = "age"\nat_least = 60\npoints = 5')
        >>> table.rules[0].field, table.rules[0].line
        ('age', 2)
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.search(str(error))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        reason = str(error)[: found.start()] if found else str(error)
        hint = "Look for a missing quote or bracket; text stands in quotes."
        raise refusal(source, [Mistake(line, f"The text is no TOML: {reason}.", hint)]) from error
    return read_document(document, Lines(text), source)


def read_document(document: Mapping[str, Any], lines: Places, source: str, known: Sequence[Mistake] = ()) -> Table:
    """Read a points table from values of TOML.

    Args:
        document: the values.
        lines: where each was written.
        source: the file, as people call it.
        known: mistakes that were found before; what else is wrong with their lines is left out.

    Raises:
        DeclarationError: as `read_table`.
    """
    reading = _Reading(lines)
    table = reading.table(document, source)
    told = {mistake.line for mistake in known}
    mistakes = [*known, *(mistake for mistake in reading.mistakes if mistake.line not in told)]
    if mistakes or table is None:
        raise refusal(source, mistakes)
    return table


class _Reading:
    """The mistakes found on the way through one document."""

    def __init__(self, lines: Places) -> None:
        self.lines = lines
        self.mistakes: list[Mistake] = []

    def wrong(self, path: TomlPath, message: str, hint: str) -> None:
        self.mistakes.append(Mistake(self.lines.of(path), message, hint))

    def table(self, document: Mapping[str, Any], source: str) -> Table | None:
        plain = {key: value for key, value in document.items() if key not in _SECTIONS}
        read = self._keys(plain, ROOT_KEYS, (), "The table", also=_SECTIONS)
        parts: dict[str, Any] = {
            "fields": self._fields(self._section(document, "fields")),
            "labels": self._labels(self._section(document, "labels"), ("labels",)),
            "groups": self._groups(self._section(document, "group")),
            "grid": self._grid(document),
            "rules": self._rules(document),
        }
        self._bounds(read, (), "The table")
        table = Table(source=source, label_lines=self._label_lines(document, ()), **read, **parts)
        self.mistakes.extend(rule_mistakes(table.rules, [*self._section(document, "group")]))
        if self.mistakes:
            return None
        self.mistakes.extend(grid_mistakes(table))
        return table

    def _section(self, document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        found = document.get(name, {})
        if isinstance(found, Mapping):
            return found
        self.wrong((name,), f"{name!r} is {found!r}; expected a section of its own.", f"Write [{name}].")
        return {}

    def _keys(
        self, given: Mapping[str, Any], keys: Mapping[str, Key], path: TomlPath, what: str, also: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Read every key that is known; tell of the others, and of values that do not fit."""
        read = {}
        for name, value in given.items():
            if name not in keys:
                known = f"Known are {', '.join((*keys, *also))}."
                hint = nearest(name, (*keys, *also), known)
                self.wrong((*path, name), f"{what} has no key {name!r}.", hint)
                continue
            try:
                read[name] = keys[name].read(value)
            except UnfitError as error:
                why = f", but {error}" if str(error) else ""
                message = f"{what} has {name} = {_shown(value)}{why}; expected {keys[name].expected}."
                self.wrong((*path, name), message, f"Write {name} = {_example(name)}.")
        return read

    def _fields(self, section: Mapping[str, Any]) -> tuple[Declared, ...]:
        found = []
        for name, given in section.items():
            path = ("fields", name)
            told = given if isinstance(given, Mapping) else {"type": given}
            if isinstance(given, str) and given.endswith(" required"):
                told = {"type": given.removesuffix(" required").rstrip(","), "required": True}
            read = self._keys(told, FIELD_KEYS, path, f"The field {name!r}")
            if "type" not in told:
                self.wrong(path, f"The field {name!r} has no type.", 'Write type = "number".')
            elif "type" in read:
                found.append(Declared(name=name, line=self.lines.of(path), **read))
        return tuple(found)

    def _labels(self, section: Any, path: TomlPath) -> Labels:
        if not isinstance(section, Mapping):
            self.wrong(path, f"The labels are {section!r}; expected labels with thresholds.", "Write { A = 40 }.")
            return ()
        found: dict[str, float | None] = {}
        for label, least in section.items():
            read = None if least == REST else number_of(least)
            if (read is None and least != REST) or not label.strip():
                message = f"The label {label!r} is {_shown(least)}; expected the least that earns it, or {REST!r}."
                self.wrong((*path, label), message, f'Write {label} = 60, or {label} = "{REST}" for all below.')
            elif read in found.values():
                message = f"The label {label!r} begins where another one does; expected a threshold of its own."
                self.wrong((*path, label), message, "Change one of the two, or remove it.")
            else:
                found[label] = read
        thresholds = [least for least in found.values() if least is not None]
        if thresholds not in (sorted(thresholds), sorted(thresholds, reverse=True)):
            shown = ", ".join(f"{least:g}" for least in thresholds)
            message = f"The thresholds of the labels go up and down ({shown}); expected them to fall, or to rise."
            self.wrong(path, message, "Exchange two of them, or name the labels in their order.")
        ordered = sorted(found.items(), key=lambda item: (item[1] is None, -(item[1] or 0.0)))
        return tuple(ordered)

    def _label_lines(self, given: Mapping[str, Any], path: TomlPath) -> dict[str, int]:
        section = given.get("labels", {})
        return {label: self.lines.of((*path, "labels", label)) for label in section if isinstance(section, Mapping)}

    def _groups(self, section: Mapping[str, Any]) -> tuple[Group, ...]:
        found = []
        for name, given in section.items():
            path, what = ("group", name), f"The group {name!r}"
            if not isinstance(given, Mapping) or name in _RESERVED or not name.strip():
                self.wrong(path, f"{what} cannot be called so, or is no section.", f"Write [group.{name}_points].")
                continue
            plain = {key: value for key, value in given.items() if key != "labels"}
            read = self._keys(plain, GROUP_KEYS, path, what, also=("labels",))
            self._bounds(read, path, what)
            if "half_life" in read and "fades_over" in read:
                message = f"{what} has half_life and fades_over; expected one of the two."
                self.wrong((*path, "fades_over"), message, "Remove one.")
            labels = self._labels(given.get("labels", {}), (*path, "labels"))
            lines = self._label_lines(given, path)
            found.append(Group(name=name, labels=labels, label_lines=lines, line=self.lines.of(path), **read))
        return tuple(found)

    def _bounds(self, read: Mapping[str, Any], path: TomlPath, what: str) -> None:
        floor, cap = read.get("floor"), read.get("cap")
        if floor is not None and cap is not None and floor > cap:
            message = f"{what} has the floor {floor:g} above its cap {cap:g}; expected it below."
            self.wrong((*path, "floor"), message, "Exchange the two.")

    def _grid(self, document: Mapping[str, Any]) -> Grid | None:
        if "grid" not in document:
            return None
        read = self._keys(self._section(document, "grid"), GRID_KEYS, ("grid",), "The grid")
        if "of" not in read:
            if "of" not in self._section(document, "grid"):
                self.wrong(("grid",), "The grid names no groups.", 'Write of = ["profile", "engagement"].')
            return None
        if document.get("labels"):
            message = "The grid and [labels] both give the label; expected one of them."
            self.wrong(("grid",), message, "Remove [labels], or the grid.")
        return Grid(line=self.lines.of(("grid",)), **read)

    def _rules(self, document: Mapping[str, Any]) -> tuple[Rule, ...]:
        given = document.get("rule", [])
        if not isinstance(given, list) or not all(isinstance(rule, Mapping) for rule in given) or not given:
            message = "The table has no rules; expected a [[rule]] or more."
            self.wrong(("rule",), message, "Write [[rule]] above the keys of each rule.")
            return ()
        found = []
        for place, told in enumerate(map(_spread, given)):
            path, before = ("rule", place), len(self.mistakes)
            what = f"The rule on {told['field']!r}" if isinstance(told.get("field"), str) else f"Rule {place + 1}"
            read = self._keys(told, RULE_KEYS, path, what)
            for name in ("field", "points"):
                if name not in told:
                    self.wrong(path, f"{what} has no {name}.", f"Write {name} = {_example(name)}.")
            if len(self.mistakes) == before:
                line = self.lines.of(path)
                for name in {"all", "any"} & read.keys():
                    read[name] = tuple(msgspec.structs.replace(one, line=line) for one in read[name])
                found.append(Rule(line=line, **read))
        return tuple(found)


def _spread(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take the first of several criteria for the rule's own, where it has none."""
    for name in ("all", "any"):
        several = told.get(name)
        if "field" not in told and isinstance(several, list) and several and isinstance(several[0], Mapping):
            rest = {name: several[1:]} if several[1:] else {}
            return {**several[0], **{key: value for key, value in told.items() if key != name}, **rest}
    return told


def _shown(value: object) -> str:
    shown = str(value).lower() if isinstance(value, bool) else repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


_EXAMPLES = {
    "field": '"employees"',
    "points": "10",
    "between": "[50, 199]",
    "days_since_between": "[0, 30]",
    "times_between": "[1, 3]",
    "one_of": '["DE", "AT"]',
    "none_of": '["DE", "AT"]',
    "contains": '"chief"',
    "starts_with": '"vp"',
    "ends_with": '".edu"',
    "matches": "'^c.o$'",
    "where": '{ kind = "webinar" }',
    "of": '["profile", "engagement"]',
    "names": '{ A1 = "call today" }',
    "type": '"number"',
    "date": '"date"',
    "since": '"last_visit"',
    "group": '"profile"',
    "text": '"more than 500 employees"',
    "equals": '"DE"',
    "all": '[{ field = "employees", at_least = 500 }]',
    "any": '[{ field = "employees", at_least = 500 }]',
}
_FLAGS = ("ignore_case", "is_empty", "each", "on_top", "required")


def _example(name: str) -> str:
    return "true" if name in _FLAGS else _EXAMPLES.get(name, "30")
