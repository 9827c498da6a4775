"""Golden records as a file: a header, then one record a line with the result that it must give.

    {"golden": 1, "model": "fit", "tolerance": 1e-09, "as_of": "2026-01-01T00:00:00+00:00"}
    {"version": "1.2.0", "record": {"employees": 250}, "expect": {"outcome": "ok", "score": 25.0, "label": "B"}}
    {"version": "1.2.0", "record": {"employees": "many"}, "expect": {"outcome": "invalid"}}

What the header says holds for every line that does not say otherwise; there need be none. A
line without a version is meant for every version. For a summary, `given` holds what its
upstreams say, by the names it has for them. Of `expect` only what is there is compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlsm._equality import TOLERANCE
from mlsm.checks.golden_line import HEADER, LINE, read_keys
from mlsm.checks.subject import CLOCK

__all__ = ["FORM", "Golden", "GoldenFile", "golden_text", "read_golden", "read_golden_text"]

FORM = 1
"""The number of the file's form; what cannot be understood by this program gets another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """One record, and the result that it must give.

    Args:
        place: its file and line.
        record: the record, by column, as an input would hold it.
        expect: any of `outcome`, `score`, `label`, `output` and `reasons`; only these are compared.
        given: for a summary, the result of each upstream, by the summary's name for it.
        as_of: the clock that the model sees.
        version: the version that it is meant for, None for every one.
        tolerance: by how much numbers may differ, relative where they are greater than 1.
        note: why it is there, for people.
    """

    place: str
    record: Mapping[str, Any]
    expect: Mapping[str, Any]
    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    as_of: datetime = CLOCK
    version: str | None = None
    tolerance: float = TOLERANCE
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenFile:
    """What a file of golden records holds, and what is wrong with it.

    Args:
        shown: the file as people call it.
        model: the name of the model that it is for, None where it does not say.
        records: the lines that could be read.
        mistakes: what is wrong, each with its file and line.
    """

    shown: str
    model: str | None = None
    records: tuple[Golden, ...] = ()
    mistakes: tuple[str, ...] = ()


def read_golden(path: Path, shown: str) -> GoldenFile:
    """Read a file to its end, whatever is wrong with it.

    Args:
        path: the file.
        shown: what people call it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        return GoldenFile(shown=shown, mistakes=(f"{shown} cannot be read: {error.strerror or error}.",))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return GoldenFile(shown=shown, mistakes=(f"{shown}:{line}: the line is not text in UTF-8.",))
    return read_golden_text(text, shown)


def read_golden_text(text: str, shown: str) -> GoldenFile:
    """Read the text of such a file.

    Example:
        >>> read_golden_text('{"record": {"x": 1}, "expect": {"score": true}}', "fit.golden.ndjson").mistakes
        ("fit.golden.ndjson:1: 'expect.score' is true; expected a finite number or null.",)
    """
    header: dict[str, Any] = {}
    records: list[Golden] = []
    mistakes: list[str] = []
    numbered = [(f"{shown}:{number}", line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    for place, line in numbered:
        found = _object(line)
        if isinstance(found, str):
            mistakes.append(f"{place}: {found}")
        elif "golden" in found:
            read, wrong = read_keys(found, HEADER)
            if place != numbered[0][0]:
                wrong = ["the header stands here; expected it on the first line."]
            header |= {} if wrong else read
            mistakes += [f"{place}: {problem}" for problem in wrong]
        else:
            read, wrong = read_keys(found, LINE)
            mistakes += [f"{place}: {problem}" for problem in wrong]
            if not wrong:
                records.append(_golden(place, header, read))
    if not records and not mistakes:
        mistakes.append(f"{shown} holds no record; expected one a line, with what it must give.")
    return GoldenFile(shown=shown, model=header.get("model"), records=tuple(records), mistakes=tuple(mistakes))


def golden_text(model: str, records: Sequence[Golden]) -> str:
    """Write records as the text of a file; what most of them share stands in the header.

    Args:
        model: the model's name.
        records: at least one.

    Example:
        >>> print(golden_text("fit", [Golden(place="", record={"x": 1}, expect={"score": 2.0}, version="1")]), end="")
        {"golden": 1, "model": "fit", "tolerance": 1e-09, "as_of": "2026-01-01T00:00:00+00:00"}
        {"version": "1", "record": {"x": 1}, "expect": {"score": 2.0}}
    """
    tolerance = _commonest(golden.tolerance for golden in records)
    as_of = _commonest(golden.as_of for golden in records)
    lines = [_json({"golden": FORM, "model": model, "tolerance": tolerance, "as_of": as_of.isoformat()})]
    for golden in records:
        said: dict[str, Any] = {} if golden.version is None else {"version": golden.version}
        said |= {} if golden.note is None else {"note": golden.note}
        said |= {} if golden.as_of == as_of else {"as_of": golden.as_of.isoformat()}
        said |= {} if golden.tolerance == tolerance else {"tolerance": golden.tolerance}
        said["record"] = golden.record
        said |= {"given": golden.given} if golden.given else {}
        lines.append(_json({**said, "expect": golden.expect}))
    return "".join(f"{line}\n" for line in lines)


def _commonest(values: Iterable[Any]) -> Any:
    listed = list(values)
    return max(listed, key=listed.count)


def _json(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a pair of surrogates can only be written as an escape
        return json.dumps(value, allow_nan=False)
    return text


def _object(line: str) -> dict[str, Any] | str:
    """Read a line as an object, or say why it is none."""
    try:
        found = json.loads(line)
    except ValueError as error:
        return f"the line is no JSON: {error}."
    except RecursionError:
        return "the line is nested too deeply."
    return found if isinstance(found, dict) else "the line is no JSON object; expected a record and its result."


def _golden(place: str, header: Mapping[str, Any], line: Mapping[str, Any]) -> Golden:
    said = {key: value for key, value in header.items() if key in ("version", "tolerance")} | dict(line)
    as_of = line.get("as_of", header.get("as_of"))
    golden = Golden(place=place, **{key: value for key, value in said.items() if key != "as_of"})
    return golden if as_of is None else replace(golden, as_of=_in_utc(datetime.fromisoformat(as_of)))


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
