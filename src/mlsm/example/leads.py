"""Sample leads: made up, plausible, and the same for the same seed on every machine.

Companies of all sizes, with the holes, spellings and slips of a real export, and a history
of who converted that follows from the rest well enough for a model to find it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from mlsm.example.broken import BROKEN, Broken, broken_records, lead_id
from mlsm.example.vocabulary import (
    COMMENTS,
    COUNTRIES,
    FIRM_HEADS,
    FIRM_TAILS,
    FIRST_NAMES,
    INDUSTRIES,
    LAST_NAMES,
    OWNERS,
    SOURCES,
    TITLES,
)

__all__ = ["AS_OF", "COLUMNS", "SEED", "Broken", "broken_records", "generate", "write_csv"]

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
"""The clock of the example: all dates lie before it, save a few typed with the wrong year."""
SEED = 2016

COLUMNS = (
    *("lead_id", "company", "country", "employees", "annual_revenue", "industry", "job_title", "email", "owner"),
    *("region", "Lead Source", "created", "last_visit", "page_views", "emails_opened", "form_fills", "newsletter"),
    *("trial_started", "budget", "converted", "comment"),
)

_Draw = Callable[[], float]
"""Draws from [0, 1). Nothing else of `random` is used: only this sequence is promised to stay
the same in every version of Python."""

_DAYS = 730
_YEAR = 365
_UNDECIDED_DAYS = 60
_DATES = tuple((AS_OF - timedelta(days=ago)).date().isoformat() for ago in range(-_YEAR, _DAYS + 1))
_INDUSTRIES, _SOURCES, _TITLES = tuple(INDUSTRIES.items()), tuple(SOURCES.items()), tuple(TITLES.items())


def generate(rows: int, *, seed: int = SEED, broken: int = BROKEN) -> Iterator[dict[str, str]]:
    """Yield sample leads as text by column, as a CSV file holds them.

    The healthy leads of a shorter list are the first of a longer one.

    Args:
        rows: how many leads.
        seed: another seed gives other leads.
        broken: how many of them are broken on purpose (`broken_records` tells which).

    Example:
        >>> first = next(generate(10))
        >>> first["lead_id"], first["Lead Source"], first["converted"]
        ('00010008', 'Purchased list', 'no')
    """
    defects = {defect.row: defect for defect in broken_records(rows, broken)}
    draw = Random(seed).random  # noqa: S311 - made-up leads are no secret
    for row in range(1, rows + 1):
        lead = _lead(row, draw)
        if row in defects:
            lead[defects[row].column] = defects[row].value
        yield lead


def write_csv(path: str | Path, rows: int, *, seed: int = SEED, broken: int = BROKEN) -> tuple[Broken, ...]:
    """Write sample leads to a CSV file and tell which of them are broken.

    UTF-8, separated by commas, a header, lines that end in one line feed everywhere.
    """
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(lead.values() for lead in generate(rows, seed=seed, broken=broken))
    return broken_records(rows, broken)


def _lead(row: int, draw: _Draw) -> dict[str, str]:
    size = (draw() + draw() + draw() - 1.5) * 2  # near enough to a normal distribution
    employees = max(1, int(math.exp(4.2 + 1.7 * size)))
    country, region, form = COUNTRIES[int(draw() * len(COUNTRIES))]
    industry, by_industry = _INDUSTRIES[int(draw() * len(_INDUSTRIES))]
    title, by_title = _TITLES[int(draw() * len(_TITLES))]
    source, by_source = _SOURCES[int(draw() * len(_SOURCES))]
    revenue = employees * (60_000 + 240_000 * draw())
    first, last = FIRST_NAMES[int(draw() * len(FIRST_NAMES))], LAST_NAMES[int(draw() * len(LAST_NAMES))]
    head, tail = FIRM_HEADS[int(draw() * len(FIRM_HEADS))], FIRM_TAILS[int(draw() * len(FIRM_TAILS))]
    age = 1 + int(draw() * _DAYS)
    lead = {
        "lead_id": lead_id(row),
        "company": f"{head} {tail} {form}",
        "country": country,
        "employees": "" if draw() < 0.12 else str(employees),
        "annual_revenue": "" if draw() < 0.3 else f"{revenue:.1f}",
        "industry": "" if draw() < 0.04 else industry,
        "job_title": "" if draw() < 0.06 else title,
        "email": "" if draw() < 0.02 else f"{first}.{last}{row % 97}@example.{'org' if draw() < 0.2 else 'com'}",
        "owner": "" if draw() < 0.05 else OWNERS[int(draw() * len(OWNERS))],
        "region": region,
        "Lead Source": source,
        "created": _DATES[_YEAR + age - (_YEAR if draw() < 0.001 and age < _YEAR else 0)],
    }
    base = by_industry + by_title + by_source + 0.35 * size
    lead |= _behaviour(age, base, draw)
    lead["comment"] = COMMENTS[int(draw() * len(COMMENTS))] if draw() < 0.35 else ""
    return lead


def _behaviour(age: int, base: float, draw: _Draw) -> dict[str, str]:
    """Draw what a lead did since it was created, and whether it became a customer."""
    keen = draw()
    seen = draw() < 0.5 + 0.5 * keen
    visit = 1 + int(draw() * draw() * (1.2 - keen) / 1.2 * (age - 1)) if seen else age
    second = int(draw() * 86_400)
    views = int(-math.log(1 - draw()) * (1 + 14 * keen)) if seen else 0
    opened = int(draw() * (1 + 9 * keen))
    forms = int(draw() * (1 + 3 * keen * keen))
    letter, trial = draw() < 0.2 + 0.5 * keen, draw() < 0.22 * keen
    budget = 500 + 49_500 * draw() * draw()
    odds = base - 4.9 + 0.05 * min(views, 30) + 0.12 * opened + 0.45 * forms + 0.3 * letter + 1.5 * trial
    odds += 0.8 * (seen and visit <= 30) + 0.00002 * budget
    converted = "yes" if draw() < 1 / (1 + math.exp(-odds)) else "no"
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return {
        "last_visit": f"{_DATES[_YEAR + visit]}T{clock}Z" if seen else "",
        "page_views": str(views),
        "emails_opened": str(opened),
        "form_fills": str(forms),
        "newsletter": "" if draw() < 0.15 else "yes" if letter else "no",
        "trial_started": "true" if trial else "false",
        "budget": "" if draw() < 0.35 else f"{budget:.2f}",
        "converted": converted if age > _UNDECIDED_DAYS else "",
    }
