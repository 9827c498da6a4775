"""From a table back to TOML text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from mlsm.runtimes.scorecard.keys import FIELD_KEYS, GROUP_KEYS, ROOT_KEYS
from mlsm.runtimes.scorecard.table import REST, Declared, Group, Labels, Rule, Table

__all__ = ["given_keys", "key", "rule_keys", "table_to_toml", "written"]

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(32), 127)} | {ord('"'): '\\"', ord("\\"): "\\\\"}
_DEFAULTS: dict[str, Any] = {"baseline": 0.0, "ignore_case": False, "weight": 1.0, "required": False, "date": "date"}


def table_to_toml(table: Table) -> str:
    """Write a table as TOML that reads as the same table."""
    sections = [_pairs(given_keys(table, ROOT_KEYS))]
    if table.fields:
        sections.append(["[fields]", *(f"{key(one.name)} = {_field(one)}" for one in table.fields)])
    if table.labels:
        sections.append(["[labels]", *(f"{key(label)} = {_least(least)}" for label, least in table.labels)])
    sections += [_group(group) for group in table.groups]
    if table.grid is not None:
        grid = {"of": table.grid.of, **({"names": table.grid.names} if table.grid.names else {})}
        sections.append(["[grid]", *_pairs(grid)])
    sections += [["[[rule]]", *_pairs(rule_keys(rule))] for rule in table.rules]
    return "\n".join("\n".join([*lines, ""]) for lines in sections if lines)


def rule_keys(rule: Rule) -> dict[str, Any]:
    """Give the keys of a rule as they are written: the criterion, then its points, then the rest."""
    given = rule.given()
    last: dict[str, Any] = {name: given.pop(name) for name in ("points", "group", "text") if name in given}
    return {**{name: _single(name, value) for name, value in given.items()}, **last}


def _single(name: str, value: Any) -> Any:
    """Write one word as such, and members' single values."""
    if name in ("contains", "starts_with", "ends_with") and len(value) == 1:
        return value[0]
    if name in ("all", "any"):
        return [{key: item for key, item in rule_keys(one).items() if key != "points"} for one in value]
    if name == "where":
        return {member: values[0] if len(values) == 1 else values for member, values in value.items()}
    return value


def given_keys(part: Any, keys: Iterable[str]) -> dict[str, Any]:
    """Give the keys of a part of a table that are not at their defaults."""
    values = {name: getattr(part, name) for name in keys}
    return {name: value for name, value in values.items() if value is not None and value != _DEFAULTS.get(name)}


def _field(declared: Declared) -> str:
    given = given_keys(declared, FIELD_KEYS)
    return written(declared.type) if given.keys() == {"type"} else written(given)


def _group(group: Group) -> list[str]:
    labels = [] if not group.labels else [f"labels = {_labels(group.labels)}"]
    return [f"[group.{key(group.name)}]", *_pairs(given_keys(group, GROUP_KEYS)), *labels]


def _labels(labels: Labels) -> str:
    return "{ " + ", ".join(f"{key(label)} = {_least(least)}" for label, least in labels) + " }"


def _least(least: float | None) -> str:
    return written(REST if least is None else least)


def _pairs(given: Mapping[str, Any]) -> list[str]:
    return [f"{key(name)} = {written(value)}" for name, value in given.items()]


def key(name: str) -> str:
    """Write a key, in quotes where it needs them."""
    return name if _BARE.match(name) else written(name)


def written(value: Any) -> str:
    """Write a value as TOML does; a float without a fraction as a whole number."""
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_pairs(value)) + " }"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
