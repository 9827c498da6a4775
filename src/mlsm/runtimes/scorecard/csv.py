r"""Points tables as people's spreadsheets hold them: a row a rule.

The columns are `field`, `criterion`, `value`, `points`, `group`, `text`, and one for every
other key of a rule that is used. What a table says besides its rules stands above them, a
row each, with a heading of the TOML file in place of a field:

    field,criterion,value,points,group,text
    [table],cap,100,,,
    [labels],hot,60,,,
    [group.profile],cap,50,,,
    employees,at_least,500,20,profile,more than 500 employees
    country,one_of,DE | AT | CH,10,,
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from mlsm._toml import TomlPath
from mlsm.runtimes.scorecard.cells import AmbiguousError, read_cell, shown_cell
from mlsm.runtimes.scorecard.keys import FIELD_KEYS, GROUP_KEYS, ROOT_KEYS, RULE_KEYS
from mlsm.runtimes.scorecard.mistakes import Mistake, nearest, refusal
from mlsm.runtimes.scorecard.reading import read_document
from mlsm.runtimes.scorecard.rules import CRITERIA
from mlsm.runtimes.scorecard.table import REST, Labels, Rule, Table
from mlsm.runtimes.scorecard.toml import given_keys, key, rule_keys, table_to_toml

__all__ = ["read_csv", "rules_to_csv", "table_from_csv"]

_FIRST = ("field", "criterion", "value", "points", "group", "text")
_TABLE = "[table]"


def rules_to_csv(table: Table) -> str:
    """Write a table, all of it, for a spreadsheet."""
    rules = [_rule_row(rule) for rule in table.rules]
    used = {name for row in rules for name in row}
    columns = [*_FIRST, *(name for name in RULE_KEYS if name in used and name not in _FIRST)]
    written = io.StringIO()
    writer = csv.DictWriter(written, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for heading, name, value in _settings(table):
        writer.writerow({"field": heading, "criterion": name, "value": shown_cell(value)})
    writer.writerows(rules)
    return written.getvalue()


def _rule_row(rule: Rule) -> dict[str, str]:
    given = rule_keys(rule)
    row = {}
    for name in [name for name in CRITERIA if name in given][:1]:
        row = {"criterion": name, "value": shown_cell(given.pop(name), name)}
    return row | {name: shown_cell(value, name) for name, value in given.items()}


def _settings(table: Table) -> Iterator[tuple[str, str, Any]]:
    yield from ((_TABLE, name, value) for name, value in given_keys(table, ROOT_KEYS).items())
    for field in table.fields:
        yield from ((f"[fields.{key(field.name)}]", name, v) for name, v in given_keys(field, FIELD_KEYS).items())
    yield from _labels("[labels]", table.labels)
    for group in table.groups:
        heading = f"[group.{key(group.name)}]"
        given = given_keys(group, GROUP_KEYS) or {"weight": 1.0}  # a group that says nothing has a row too
        yield from ((heading, name, value) for name, value in given.items())
        yield from _labels(f"[group.{key(group.name)}.labels]", group.labels)
    if table.grid is not None:
        yield "[grid]", "of", table.grid.of
        yield from (("[grid.names]", cell, label) for cell, label in table.grid.names.items())


def _labels(heading: str, labels: Labels) -> Iterator[tuple[str, str, Any]]:
    yield from ((heading, label, REST if least is None else least) for label, least in labels)


def table_from_csv(text: str, source: str = "points.csv") -> str:
    r"""Turn a spreadsheet's table into TOML text; takes and raises what `read_csv` does.

    Example:
        >>> print(table_from_csv("field,criterion,value,points\ncountry,one_of,DE | AT,10"))
        [[rule]]
        field = "country"
        one_of = ["DE", "AT"]
        points = 10
    """
    return table_to_toml(read_csv(text, source))


def read_csv(text: str, source: str = "points.csv") -> Table:
    """Read a spreadsheet's table; its lines are the spreadsheet's.

    A comma, a semicolon or a tab may stand between cells; beside semicolons numbers may have
    a decimal comma. Groups need no rows of their own.

    Args:
        text: the CSV, with a header.
        source: the file, as people call it.

    Raises:
        DeclarationError: with every mistake and its line.
    """
    reading = _Rows(text.removeprefix("\ufeff"))
    document = reading.document()
    if any(mistake.line == 1 for mistake in reading.mistakes):  # of the header, which all rows are read by
        raise refusal(source, reading.mistakes)
    return read_document(document, reading, source, reading.mistakes)


class _Rows:
    """The rows of one text, and the lines that they stand at."""

    def __init__(self, text: str) -> None:
        first = text.partition("\n")[0]
        separator = max(",;\t", key=first.count)
        self.decimal = "," if separator == ";" else "."
        self.rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        self.mistakes: list[Mistake] = []
        self.lines: dict[TomlPath, int] = {(): 1}

    def of(self, path: TomlPath) -> int:
        """Give the line of a key's row."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def document(self) -> dict[str, Any]:
        """Gather what a TOML file would hold."""
        document: dict[str, Any] = {}
        rules: list[dict[str, Any]] = []
        header = self._header()
        for row in self.rows:
            line = self.rows.line_num
            if any(cell.strip() for cell in row[len(header) :]):
                message = f"The row has {len(row)} cells; expected {len(header)}, as many as the header."
                self.mistakes.append(Mistake(line, message, 'Text with a separator in it stands in quotes: "a, b".'))
            cells = {name: cell for name, cell in zip(header, row, strict=False) if cell.strip()}
            if not cells:
                continue
            field = cells.get("field", "").strip()
            if field.startswith("["):
                self._setting(document, field, cells, line)
            else:
                self.lines["rule", len(rules)] = line
                rules.append(self._rule(cells, line))
        for name in dict.fromkeys(rule["group"] for rule in rules if "group" in rule):
            document.setdefault("group", {}).setdefault(name, {})
        return {**document, "rule": rules}

    def _header(self) -> list[str]:
        names = [name.strip().lower().replace(" ", "_") for name in next(self.rows, [])]
        known = (*_FIRST, *RULE_KEYS)
        for name in names:
            if name and name not in known:
                hint = nearest(name, known, f"Known are {', '.join(known)}.")
                self.mistakes.append(Mistake(1, f"The header has an unknown column {name!r}.", hint))
        for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
            self.mistakes.append(Mistake(1, f"The header has the column {name!r} twice.", "Remove or rename one."))
        if "field" not in names:
            hint = "The first row holds the columns' names: field,criterion,value,points."
            self.mistakes.append(Mistake(1, "The header has no column 'field'.", hint))
        return names

    def _rule(self, cells: Mapping[str, str], line: int) -> dict[str, Any]:
        given = {name: cell for name, cell in cells.items() if name not in ("criterion", "value")}
        criterion = cells.get("criterion", "").strip().lower().replace(" ", "_")
        if criterion:
            given[criterion] = cells.get("value", "")
        elif "value" in cells:
            message = f"The rule on {cells.get('field')!r} has a value without a criterion."
            self.mistakes.append(Mistake(line, message, f"Write one of {', '.join(CRITERIA)}."))
        return {name: self._cell(name, cell, line) for name, cell in given.items()}

    def _setting(self, document: dict[str, Any], heading: str, cells: Mapping[str, str], line: int) -> None:
        name = cells.get("criterion", "").strip()
        known = name if heading.startswith(("[fields.", "[grid]")) else ""  # elsewhere any word may be a label
        value = self._cell(known, cells.get("value", ""), line)
        try:
            found: Any = {} if heading == _TABLE else tomllib.loads(heading)
        except tomllib.TOMLDecodeError:
            hint = 'Write [table], [labels], [fields.NAME], [group.NAME] or [grid]; odd names stand in quotes: ["a b"].'
            self.mistakes.append(Mistake(line, f"The heading {heading!r} cannot be read.", hint))
            return
        section = document
        path: TomlPath = ()
        while found:
            part, found = next(iter(found.items()))
            section, path = section.setdefault(part, {}), (*path, part)
            self.lines.setdefault(path, line)
        section[name] = value
        self.lines[(*path, name)] = line

    def _cell(self, name: str, cell: str, line: int) -> Any:
        try:
            return read_cell(name, cell, self.decimal)
        except AmbiguousError as error:
            self.mistakes.append(Mistake(line, f"The cell {cell!r} of {name} {error}.", error.hint))
        except ValueError as error:
            message = f"The cell {cell!r} of {name} cannot be read: {error}."
            self.mistakes.append(Mistake(line, message, "Text with quotes is written as in TOML."))
        return None
