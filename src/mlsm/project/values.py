"""What is wrong with a value of `mlsm.toml` that has the right form."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from mlsm._model import read_memory
from mlsm.errors import InputError
from mlsm.readers import Dialect
from mlsm.stores import SCHEMES

__all__ = [
    "MODULE",
    "Wrong",
    "anything",
    "at_least",
    "date_formats",
    "distinct",
    "encoding",
    "filled",
    "memory",
    "one_of",
    "period",
    "period_of",
    "seconds",
    "separator",
    "share",
    "sources",
    "url",
    "workers",
]

MODULE = "module:"
"""Stands before the name of a module in `[models] paths`."""

_HOURS = {"h": 1, "d": 24, "w": 168}
_SAMPLE_DAY = datetime(2003, 2, 15)  # noqa: DTZ001 - neither month nor day is a default of strptime


class Wrong(NamedTuple):
    """What is wrong: the rest of a sentence that begins with the key.

    `item` is the place in a list, None for the value itself.
    """

    what: str
    hint: str
    item: int | None = None


def anything(value: object) -> Iterable[Wrong]:  # noqa: ARG001 - one shape for all checks
    """Take any value."""
    return ()


def filled(value: str) -> Iterator[Wrong]:
    """Refuse blank text."""
    if not value.strip():
        yield Wrong(f"is {value!r}; expected a word or more.", "Write the name between the quotes.")


def one_of(*options: str) -> Callable[[str], Iterator[Wrong]]:
    """Refuse what is none of the options."""
    shown = " or ".join([", ".join(repr(option) for option in options[:-1]), repr(options[-1])])

    def check(value: str) -> Iterator[Wrong]:
        if value not in options:
            yield Wrong(f"is {value!r}; expected {shown}.", f"Write {shown}.")

    return check


def at_least(least: int) -> Callable[[int], Iterator[Wrong]]:
    """Refuse a smaller number."""

    def check(value: int) -> Iterator[Wrong]:
        if value < least:
            yield Wrong(f"is {value}; expected {least} or more.", f"Write {least} or a greater number.")

    return check


def workers(value: int | str) -> Iterator[Wrong]:
    """Refuse what is no number of processes."""
    if value != "auto" and (isinstance(value, str) or value < 0):
        yield Wrong(f'is {value!r}; expected 0 or more, or "auto".', 'Write "auto" for one process a core.')


def share(value: float) -> Iterator[Wrong]:
    """Refuse what is no share from 0 to 1."""
    if not 0 <= value <= 1:
        yield Wrong(f"is {value}; expected a share from 0 to 1.", "1% is 0.01.")


def period_of(text: str) -> timedelta | None:
    """Read a period: a whole number of hours (h), days (d) or weeks (w); None where it is none.

    Example:
        >>> period_of("90d"), period_of("90")
        (datetime.timedelta(days=90), None)
    """
    found = re.fullmatch(r"([1-9][0-9]{0,5})\s?([hdw])", text)
    return None if found is None else timedelta(hours=int(found[1]) * _HOURS[found[2]])


def period(value: str) -> Iterator[Wrong]:
    """Refuse what is no period; blank is none at all."""
    if value and period_of(value) is None:
        yield Wrong(f"is {value!r}; expected a period such as '90d'.", "Write hours, days or weeks: 36h, 90d, 12w.")


def seconds(value: float) -> Iterator[Wrong]:
    """Refuse no time at all."""
    if not value > 0:
        yield Wrong(f"is {value}; expected seconds above 0.", "Half a second is 0.5.")


def memory(value: str) -> Iterator[Wrong]:
    """Refuse what is no size."""
    if read_memory(value) is None:
        yield Wrong(f"is {value!r}; expected a size.", "Such as '512MB' or '2GB'.")


def distinct(value: Sequence[str]) -> Iterator[Wrong]:
    """Refuse a blank or repeated column."""
    counted = Counter(value)
    for place, column in enumerate(value):
        if not column:
            yield Wrong(f"holds {column!r}; expected the name of a column.", "Remove it, or name a column.", place)
        elif counted[column] > 1 and column in value[:place]:
            yield Wrong(f"names {column!r} twice; expected each column once.", "Remove one of the two.", place)


def separator(value: str) -> Iterator[Wrong]:
    """Refuse what cannot stand between two cells."""
    try:
        Dialect(separator=value)
    except InputError as error:
        yield Wrong(f"is {value!r}; expected one character.", error.hint or "Write one character.")


def encoding(value: str) -> Iterator[Wrong]:
    """Refuse an encoding that Python does not know."""
    try:
        Dialect(encoding=value)
    except InputError as error:
        yield Wrong(f"is {value!r}; expected the name of a text encoding.", error.hint or "Write utf-8.")


def date_formats(value: Sequence[str]) -> Iterator[Wrong]:
    """Refuse formats that `strptime` cannot use, or that do not tell a whole date."""
    for place, declared in enumerate(value):
        reason = _unusable_format(declared)
        if reason is not None:
            yield Wrong(
                f"holds {declared!r}, {reason}; expected a format of strptime that tells year, month and day.",
                "Such as '%d.%m.%Y' for 31.12.2026, or '%m/%d/%Y %H:%M' for 12/31/2026 23:59.",
                place,
            )


def _unusable_format(declared: str) -> str | None:
    """Write a day in the format and read it back: it must come back as the same day."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer Pythons warn of a day without a year, which is told below
            read = datetime.strptime(_SAMPLE_DAY.strftime(declared), declared)  # noqa: DTZ007 - a day, no time
    except ValueError as error:
        return f"which cannot be used ({error})"
    return None if read.date() == _SAMPLE_DAY.date() else "which does not tell a day"


def url(value: str) -> Iterator[Wrong]:
    """Refuse what is no URL of a store."""
    scheme, there, _ = value.partition("://")
    if not there:
        # What looks like a login may hold a password, as what follows a scheme may.
        said = "no URL" if "@" in value else repr(value)
        yield Wrong(f"is {said}; expected a URL.", "Write it with its kind: sqlite:///mlsm.db.")
    elif scheme.lower() not in SCHEMES:
        known = ", ".join(sorted(SCHEMES.keys() - {"memory"}))
        yield Wrong(f"begins with {scheme!r}; expected one of {known}.", "Write sqlite:///mlsm.db for a file.")


def sources(value: Sequence[str]) -> Iterator[Wrong]:
    """Refuse an empty list, blank entries, and what is no module's name."""
    if not value:
        yield Wrong("is empty; expected a folder, a .py file or 'module:name'.", 'Write paths = ["models"].')
    for place, source in enumerate(value):
        name = source.removeprefix(MODULE)
        if not name.strip():
            yield Wrong(f"holds {source!r}; expected a folder, a .py file or 'module:name'.", "Remove it.", place)
        elif source.startswith(MODULE) and not all(part.isidentifier() for part in name.split(".")):
            yield Wrong(
                f"holds {source!r}; expected the dotted name of a module.", 'Such as "module:acme.scoring".', place
            )
