"""Sample leads are the same everywhere, plausible, and broken only where it is said."""

from __future__ import annotations

import csv
import hashlib
import re
from datetime import date, datetime
from pathlib import Path

import pytest

from mlsm.example.broken import BROKEN, broken_records
from mlsm.example.leads import AS_OF, COLUMNS, SEED, generate, write_csv

Lead = dict[str, str]


@pytest.fixture(scope="module")
def leads() -> list[Lead]:
    """Draw enough leads for shares to be steady."""
    return list(generate(5_000))


@pytest.fixture(scope="module")
def healthy(leads: list[Lead]) -> list[Lead]:
    """Leave out the records that are broken on purpose."""
    defects = {defect.row for defect in broken_records(len(leads))}
    return [lead for row, lead in enumerate(leads, start=1) if row not in defects]


def test_a_thousand_leads_are_the_same_bytes_everywhere(tmp_path: Path) -> None:
    """The file of 1,000 leads with the default seed has one digest on every machine and Python."""
    path = tmp_path / "leads.csv"
    write_csv(path, 1_000)
    expected = "177f0231dd23d81fbf556026d639236735b756a88684015da93aea491737acc0"
    assert expected == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_reads_back_as_it_was_generated(tmp_path: Path) -> None:
    """Commas, quotes, line breaks and scripts of all kinds survive the CSV file."""
    path = tmp_path / "leads.csv"
    write_csv(path, 500)
    with path.open(encoding="utf-8", newline="") as file:
        assert list(generate(500)) == list(csv.DictReader(file))


def test_every_lead_has_every_column_in_order(leads: list[Lead]) -> None:
    """All leads have the columns of the header, broken ones too."""
    assert {COLUMNS} == {tuple(lead) for lead in leads}


def test_a_shorter_list_begins_a_longer_one() -> None:
    """The number of leads changes none of them."""
    assert list(generate(50, broken=0)) == list(generate(80, broken=0))[:50]


def test_another_seed_gives_other_leads() -> None:
    """The seed decides what the leads are."""
    assert list(generate(20, seed=SEED)) != list(generate(20, seed=SEED + 1))


def test_broken_records_are_where_they_are_said_to_be(leads: list[Lead]) -> None:
    """What `broken_records` tells is what stands in the file."""
    defects = broken_records(len(leads))
    expected = [(defect.lead_id, defect.value) for defect in defects]
    actual = [(leads[defect.row - 1]["lead_id"], leads[defect.row - 1][defect.column]) for defect in defects]
    assert (BROKEN, expected) == (len(defects), actual)


def test_every_kind_of_defect_comes_twice() -> None:
    """The default number of broken records holds each kind of defect two times."""
    told = [defect.what for defect in broken_records(1_000)]
    assert {2} == {told.count(what) for what in told}


def test_what_is_not_broken_on_purpose_is_sound(healthy: list[Lead]) -> None:
    """All other values are numbers, dates, flags and words of their columns, or holes."""
    sound = {
        "employees": r"\d+|",
        "annual_revenue": r"\d+\.\d|",
        "email": r"[a-z]+\.[a-z]+\d+@example\.(com|org)|",
        "created": r"\d{4}-\d\d-\d\d",
        "last_visit": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|",
        "page_views": r"\d+",
        "emails_opened": r"\d+",
        "form_fills": r"\d+",
        "newsletter": r"yes|no|",
        "trial_started": r"true|false",
        "budget": r"\d+\.\d\d|",
        "converted": r"yes|no|",
    }
    expected: list[tuple[str, str]] = []
    actual = [(c, lead[c]) for lead in healthy for c, form in sound.items() if not re.fullmatch(form, lead[c])]
    assert expected == actual


def test_ids_are_unique_and_keep_their_zeros(healthy: list[Lead]) -> None:
    """Each healthy lead has an id of its own, eight digits that begin with a zero."""
    ids = {lead["lead_id"] for lead in healthy if re.fullmatch(r"0\d{7}", lead["lead_id"])}
    assert len(healthy) == len(ids)


def test_dates_lie_before_the_clock_of_the_example(healthy: list[Lead]) -> None:
    """No lead was seen after `AS_OF`, and only a few were created after it, by a slip of the year."""
    seen_late = [lead for lead in healthy if lead["last_visit"] and datetime.fromisoformat(lead["last_visit"]) >= AS_OF]
    created_late = sum(date.fromisoformat(lead["created"]) >= AS_OF.date() for lead in healthy)
    assert ([], True) == (seen_late, 0 < created_late < len(healthy) / 500)


@pytest.mark.parametrize("column", ["employees", "annual_revenue", "last_visit", "newsletter", "budget", "converted"])
def test_there_are_holes_where_exports_have_them(healthy: list[Lead], column: str) -> None:
    """Between 5% and 40% of these values are missing."""
    assert 0.05 < sum(not lead[column] for lead in healthy) / len(healthy) < 0.4


def test_comments_hold_what_breaks_a_careless_reader(healthy: list[Lead]) -> None:
    """Commas, quotes, line breaks, tabs and other scripts occur in the comments."""
    text = "".join(lead["comment"] for lead in healthy)
    expected: set[str] = set()
    assert expected == set(',"\n\t\\ü資א👍') - set(text)


def test_the_history_follows_from_the_features(healthy: list[Lead]) -> None:
    """A few points rank those who converted before the others in more than 7 of 10 pairs."""
    won = [_points(lead) for lead in healthy if lead["converted"] == "yes"]
    lost = [_points(lead) for lead in healthy if lead["converted"] == "no"]
    in_order = sum((yes > no) + (yes == no) / 2 for yes in won for no in lost)
    assert 0.7 < in_order / (len(won) * len(lost)) < 0.95


def test_a_tenth_of_the_decided_leads_converted(healthy: list[Lead]) -> None:
    """Between 5% and 15% of the leads whose history is known became customers."""
    decided = [lead["converted"] for lead in healthy if lead["converted"]]
    assert 0.05 < decided.count("yes") / len(decided) < 0.15


def _points(lead: Lead) -> int:
    return (
        3 * (lead["trial_started"] == "true")
        + int(lead["form_fills"])
        + (int(lead["page_views"]) > 5)
        + 2 * (lead["Lead Source"] == "Referral")
        - 3 * (lead["Lead Source"] == "Purchased list")
        - 3 * (lead["job_title"] in {"Student", "Intern", "Professor"})
        + (lead["industry"] == "software")
    )
