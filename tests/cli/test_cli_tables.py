"""Tables and lines: plain, on a screen, as JSON."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime

import pytest

from mlsm._result import Outcome, Result
from mlsm.cli.failures import failures_table
from mlsm.cli.tables import Column, Table, plain
from mlsm.cli.terminal import Terminal
from mlsm.service import ErrorNote

COUNTS = Table(
    columns=(Column(key="model"), Column(key="leads", right=True), Column(key="score", right=True)),
    rows=[
        {"model": "fit@1", "leads": 49_990, "score": 72.5},
        {"model": "überlegt@2", "leads": 7, "score": None},
        {"model": "優先@1", "leads": 0, "score": 1.25},
    ],
)


class Screen(io.StringIO):
    """A stream that says it is a screen."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Say yes."""
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal with colour, 60 columns wide."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    return Terminal(out=Screen(), err=Screen())


def shown(stream: object) -> str:
    """Give what was written to a stream in memory."""
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def test_plain_tables_are_aligned_and_whole() -> None:
    """Columns line up, wide characters too, numbers to the right and without separators."""
    assert plain(COUNTS).splitlines() == [
        "model       leads  score",
        "fit@1       49990   72.5",
        "überlegt@2      7",
        "優先@1          0    1.2",
    ]


def test_plain_tables_cut_nothing() -> None:
    """A cell of any length is shown whole where stdout is no screen."""
    table = Table(columns=(Column(key="what"),), rows=[{"what": "x" * 1_000}])
    out = io.StringIO()
    Terminal(out=out, err=io.StringIO()).table(table)
    assert f"what\n{'x' * 1_000}\n" == out.getvalue()


def test_a_screen_gets_separators_and_colour(screen: Terminal) -> None:
    """On a screen thousands are separated, and there are colours."""
    screen.table(COUNTS)
    said = shown(screen.out)
    assert (True, True) == ("49,990" in said, "\x1b[" in said)


def test_a_narrow_screen_folds_instead_of_cutting(screen: Terminal) -> None:
    """Nothing is lost on a screen that is too narrow."""
    screen.table(Table(columns=(Column(key="what"),), rows=[{"what": "abcdefghij" * 20}]))
    assert 20 == shown(screen.out).replace("\n", "").replace(" ", "").count("abcdefghij")


@pytest.mark.parametrize("variable", [("NO_COLOR", "1"), ("TERM", "dumb")], ids=["NO_COLOR", "TERM=dumb"])
def test_colour_can_be_refused(variable: tuple[str, str], screen: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR and a dumb terminal get plain text without escapes."""
    monkeypatch.setenv(*variable)
    screen.table(COUNTS)
    screen.write("bold", style="bold")
    assert plain(COUNTS) + "\nbold\n" == shown(screen.out)


def test_data_cannot_command_the_terminal(screen: Terminal) -> None:
    """Escapes, line breaks and markup in data are shown, not obeyed."""
    hostile = "[red]x[/red]\x1b[2J\n\u202eevil"
    screen.table(Table(columns=(Column(key="what"),), rows=[{"what": hostile}]))
    assert "[red]x[/red]\\x1b[2J\\n\\u202eevil" in shown(screen.out)


def test_documents_are_json_in_the_shape_of_results() -> None:
    """A result keeps its shape: every key, times in UTC, outcomes as words."""
    result = Result(
        record_id="42",
        model="fit",
        version="1",
        status="active",
        outcome=Outcome.OK,
        score=1.0,
        as_of=datetime(2026, 11, 22, tzinfo=UTC),
    )
    terminal = Terminal(out=io.StringIO(), err=io.StringIO(), json=True)
    terminal.document([result])
    (read,) = json.loads(shown(terminal.out))
    assert ("42", "ok", 1.0, "2026-11-22T00:00:00Z", None) == (
        *(read[key] for key in ("record_id", "outcome", "score", "as_of", "error")),
    )
    assert {*Result.__struct_fields__} == {*read}


RUNS = Table(
    columns=tuple(
        Column(key=key, right=key == "leads", whole=key == "started")
        for key in ("run", "started", "input", "leads", "grew")
    ),
    rows=[
        {
            "run": "01a21d9f-bbef",
            "started": "2026-11-27 15:28",
            "input": "leads-of-november.csv",
            "leads": 19_992,
            "grew": "26.9 MB",
        }
    ],
)


@pytest.mark.parametrize("no_color", ["", "1"], ids=["colour", "NO_COLOR"])
def test_columns_without_room_stand_below_their_row(
    no_color: str, screen: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where columns would shrink to nothing, the last ones stand below each row with their headings."""
    monkeypatch.setenv("NO_COLOR", no_color)
    screen.table(RUNS)
    assert [
        "run            started           input",
        "01a21d9f-bbef  2026-11-27 15:28  leads-of-november.csv",
        "    leads: 19,992  grew: 26.9 MB",
    ] == re.sub(r"\x1b\[[0-9;]*m", "", shown(screen.out)).splitlines()


def test_a_failure_of_many_models_names_the_first_of_them() -> None:
    """A lead that two hundred models refuse takes one readable line; `mlsm runs ID --errors` has them all."""
    notes = [
        ErrorNote(
            model=f"m{n}@1", outcome=Outcome.INVALID, type="invalid", message="x: missing", count=1, first_ids=("7",)
        )
        for n in range(200)
    ]
    (row,) = failures_table(notes).rows
    assert "m0@1, m1@1, m2@1, m3@1, m4@1 and 195 more" == row["models"]
