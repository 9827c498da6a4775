"""How values are written for people: numbers, times, and text that came from elsewhere."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

__all__ = [
    "absent_lines",
    "amount",
    "bar",
    "clean",
    "decimals",
    "duration",
    "lead_command",
    "moment",
    "named",
    "number",
    "rate",
    "room",
]

_BLOCKS = " ▏▎▍▌▋▊▉█"
_HOUR = 3600
_MINUTE = 60


def clean(text: object, limit: int | None = None) -> str:
    r"""Make text safe to print: one line, no control or escape characters.

    Example:
        >>> clean("two\nlines \x1b[31m")
        'two\\nlines \\x1b[31m'
        >>> clean("much too long", limit=8)
        'much to…'
    """
    shown = str(text)
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
    if limit is not None and len(shown) > limit:
        shown = shown[: limit - 1] + "…"
    return shown


def number(value: int) -> str:
    """Write a whole number for people.

    Example:
        >>> number(50000)
        '50,000'
    """
    return f"{value:,}"


def amount(value: int, thing: str, things: str | None = None) -> str:
    """Write a number of things.

    Example:
        >>> amount(1, "lead"), amount(1200, "lead"), amount(2, "entry", "entries")
        ('1 lead', '1,200 leads', '2 entries')
    """
    return f"{value:,} {thing if value == 1 else things or thing + 's'}"


def named(names: Iterable[str], limit: int = 5) -> str:
    """List names, the surplus as a number.

    Example:
        >>> named(["a", "b", "c"], limit=2)
        'a, b and 1 more'
    """
    listed = [clean(name) for name in names]
    if len(listed) <= limit:
        return ", ".join(listed)
    return f"{', '.join(listed[:limit])} and {len(listed) - limit:,} more"


def lead_command(record_id: str | None) -> str:
    r"""Write the command that shows a lead, so that a shell takes it as it stands.

    Example:
        >>> lead_command("0042"), lead_command("Ada L"), lead_command("-x1"), lead_command("a\tb")
        ('mlsm lead 0042', "mlsm lead 'Ada L'", 'mlsm lead -- -x1', 'mlsm lead ID')
    """
    if record_id is None or clean(record_id) != record_id:
        return "mlsm lead ID"
    return f"mlsm lead {'-- ' if record_id.startswith('-') else ''}{shlex.quote(record_id)}"


def absent_lines(absent: Mapping[str, Sequence[str]]) -> list[str]:
    """List columns that no input has, those that the same models would read in one line.

    Example:
        >>> absent_lines({"title": ("fit@1",), "country": ("fit@1", "size@2"), "phone": ("fit@1",)})
        ['no column title, phone (fit@1)', 'no column country (fit@1, size@2)']
    """
    grouped: dict[tuple[str, ...], list[str]] = {}
    for name, keys in absent.items():
        grouped.setdefault(tuple(keys), []).append(name)
    return [f"no column {named(names, limit=10)} ({named(keys)})" for keys, names in grouped.items()]


def decimals(values: Iterable[float]) -> int:
    """Tell how many decimals show a column of numbers well.

    Example:
        >>> decimals([72.0, 31.0]), decimals([72.5, 31.25]), decimals([0.25, 0.125])
        (0, 1, 3)
    """
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return 0
    greatest = max(abs(value) for value in known)
    most = 1 if greatest >= 10 else 2 if greatest >= 1 else 3
    return next((n for n in range(most) if all(abs(round(v, n) - v) < 10**-most / 2 for v in known)), most)


def duration(seconds: float) -> str:
    """Write how long something took.

    Example:
        >>> duration(0.034), duration(3.42), duration(75), duration(3700)
        ('34 ms', '3.4 s', '1 min 15 s', '1 h 01 min')
    """
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    if seconds < _HOUR:
        return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
    return f"{int(seconds) // _HOUR} h {int(seconds) % _HOUR // 60:02d} min"


def room(size: int) -> str:
    """Write how much room something takes.

    Example:
        >>> room(900), room(12_345_678), room(-4_200)
        ('900 B', '12.3 MB', '-4.2 kB')
    """
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if abs(size) >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size} B"


def rate(count: int, seconds: float) -> str:
    """Write how many leads a second.

    Example:
        >>> rate(50_000, 3.4)
        '14,700 leads/s'
    """
    speed = count / max(seconds, 1e-9)
    rounded = round(speed, -max(0, len(str(int(speed))) - 3))
    return f"{int(rounded):,} leads/s"


def moment(value: datetime | None) -> str:
    """Write a time, in UTC, to the minute.

    Example:
        >>> moment(datetime(2026, 11, 22, 6, 30, 12, tzinfo=UTC))
        '2026-11-22 06:30'
    """
    return "" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def bar(share: float, width: int, *, blocks: Sequence[str] = _BLOCKS) -> str:
    """Draw a bar, `share` of `width` characters long.

    Example:
        >>> bar(0.5, 8), bar(0.5, 8, blocks=" #")
        ('████', '####')
    """
    steps = len(blocks) - 1
    full, rest = divmod(round(max(0.0, min(1.0, share)) * width * steps), steps)
    return blocks[-1] * full + (blocks[rest] if rest else "")
