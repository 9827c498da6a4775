"""Inputs that cannot be meant are refused before anything is stored; `--force` overrides what can be overridden."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

HEADER = "lead_id,number,email,employees,country,since,visits"
LEAD = "7,5000000,a@example.com,70,DE,2020-01-01,3"
MANIFEST_MINIMUM = ("[store]", "[input]\nmin_records = 3\n[store]")


def lines(*text: str) -> bytes:
    """Write lines."""
    return "".join(f"{line}\n" for line in text).encode()


def without(column: str) -> bytes:
    """Write a lead without one of the columns."""
    place = HEADER.split(",").index(column)
    rows = [row.split(",") for row in (HEADER, LEAD)]
    return lines(*(",".join(row[:place] + row[place + 1 :]) for row in rows))


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "an empty file": ("leads.csv", b"", "leads.csv"),
    "nothing but blank lines": ("leads.csv", b"\n\n\n", "leads.csv"),
    "a header and no lead": ("leads.csv", lines(HEADER), "There is no record in 'leads.csv'."),
    "an empty file of JSON lines": ("leads.ndjson", b"", "There is no record in 'leads.ndjson'."),
    "an empty gzip file": ("leads.csv.gz", gzip.compress(b""), "leads.csv.gz"),
    "a gzip file cut short": ("leads.csv.gz", gzip.compress(lines(HEADER, LEAD))[:-9], "breaks off or is damaged"),
    "no Parquet file": ("leads.parquet", lines(HEADER, LEAD), "leads.parquet"),
    "no column of ids": ("leads.csv", without("lead_id"), "The id column 'lead_id' is not in 'leads.csv'; there is 'n"),
    "no column to keep": ("leads.csv", without("email"), "The columns to keep 'email' are not in 'leads.csv'"),
    "no required column": ("leads.csv", without("visits"), "  - interest@1 needs 'visits'\n"),
    "two leads less than wanted": ("leads.csv", lines(HEADER, LEAD), "There is 1 record in 'leads.csv'; expected at"),
}
FORCED = {
    "a header and no lead": 0,
    "an empty file of JSON lines": 0,
    "no column to keep": 1,
    "no required column": 1,
    "two leads less than wanted": 1,
}
"""How many leads are scored in the end."""


@pytest.fixture
def few(make_play: Any, tmp_path: Any) -> Any:
    """Give a project that wants at least three leads."""
    play = make_play(tmp_path / "project", leads=3)
    play = play.at(play.folder)
    manifest = play.folder / "mlsm.toml"
    manifest.write_text(manifest.read_text().replace(*MANIFEST_MINIMUM))
    (play.folder / "leads.csv").unlink()
    return play


@pytest.mark.parametrize("refused", REFUSED)
def test_an_input_that_cannot_be_meant_is_refused(refused: str, few: Any) -> None:
    """The command ends with 1, says what is missing and how to go on, and makes no store."""
    name, content, said = REFUSED[refused]
    (few.folder / name).write_bytes(content)
    done = few.here(name, "--as-of", "2026-01-01", "--json")
    assert (1, "") == (done.returncode, done.stdout), done.stderr
    assert (True, True, False) == (said in done.stderr, "Hint: " in done.stderr, "Traceback" in done.stderr), (
        done.stderr
    )
    assert not few.database.exists()


@pytest.mark.parametrize("refused", REFUSED)
def test_force_overrides_what_can_be_overridden(refused: str, few: Any) -> None:
    """`--force` scores what is too little or lacks a field; what cannot be read stays refused."""
    name, content, _ = REFUSED[refused]
    (few.folder / name).write_bytes(content)
    done = few.here(name, "--as-of", "2026-01-01", "--json", "--force")
    if refused in FORCED:
        assert done.returncode in (0, 4), done.stderr
        told = json.loads(done.stdout)
        assert ("finished", FORCED[refused]) == (told["state"], told["records"])
    else:
        assert (1, False) == (done.returncode, few.database.exists()), done.stderr


def test_a_lead_without_a_required_column_is_invalid(few: Any) -> None:
    """Where a column is missing and scoring is forced, the model that needs it is not called; others are."""
    (few.folder / "leads.csv").write_bytes(without("visits"))
    told = json.loads(few.here("leads.csv", "--force", "--json").stdout)
    assert [{"ok": 1}, {"invalid": 1}, {"ok": 1}] == [told["counts"][key] for key in ("fit@1", "interest@1", "best@1")]


def test_a_refusal_leaves_a_store_as_it_was(few: Any) -> None:
    """Where there are runs already, a refused input adds none."""
    (few.folder / "leads.csv").write_bytes(lines(HEADER, *(f"{n}{LEAD}" for n in range(3))))
    assert 0 == few.here("leads.csv").returncode
    before = few.content()
    (few.folder / "leads.csv").write_bytes(lines(HEADER))
    assert 1 == few.here("leads.csv").returncode
    assert 1 == few.here("leads.csv", "--resume").returncode
    assert 1 == len(few.runs())
    before.check_same(few.content())
