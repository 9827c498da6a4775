"""The project file: what it may say, and every mistake in it told with line and hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlsm._fields import Reading
from mlsm.errors import ProjectError
from mlsm.project import find_project
from mlsm.readers import Dialect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project.conftest import Written

FULL = """
[project]
name = "acme"
[record]
id = "lead_id"
keep = ["email", "owner"]
[input]
shape = "nested"
separator = ";"
encoding = "latin-1"
null = ["unknown", "n/a"]
true = ["yes"]
false = ["no"]
date_formats = ["%d.%m.%Y", "%m/%d/%y %H:%M"]
decimal = ","
min_records = 1000
[store]
url = "sqlite:///other.db"
inputs = "hash"
[run]
part_rows = 5
max_failed = 1
[models]
paths = ["models"]
[models.active]
fit = "1.0"
[columns]
lead_source = "Lead Source"
"""


def test_password_of_a_store_may_hold_a_bracket(project: Written) -> None:
    """A URL's rest is the store's to read; an opening bracket is no part of an address of IPv6 here."""
    url = "postgresql://ada:p[w@db/leads"

    assert url == project.write(f'[project]\nname = "acme"\n[store]\nurl = "{url}"').load().store_url


def test_full_file_is_read(project: Written) -> None:
    """Each key ends up in the project, the folder's path made absolute."""
    found = project.write(FULL).load()
    assert project.folder.resolve() == found.folder
    assert ("acme", "lead_id", ("email", "owner")) == (found.name, found.id_column, found.keep)
    assert ("nested", Dialect(separator=";", encoding="latin-1")) == (found.shape, found.dialect)
    assert (
        Reading(
            null=frozenset({"unknown", "n/a"}),
            true=frozenset({"yes"}),
            false=frozenset({"no"}),
            date_formats=("%d.%m.%Y", "%m/%d/%y %H:%M"),
            decimal=",",
        )
        == found.reading
    )
    assert (1000, "sqlite:///other.db", "hash") == (found.min_records, found.store_url, found.keep_inputs)
    assert (5, 1.0) == (found.part_rows, found.max_failed)
    assert "active" == found.catalog["fit"].status
    assert "Lead Source" == found.catalog["fit"].inputs["lead_source"].column


def test_only_the_name_is_needed(project: Written) -> None:
    """All else has a default: models in `models`, a store beside them, ids by the command."""
    found = project.load()
    assert ("acme", None, (), Reading()) == (found.name, found.id_column, found.keep, found.reading)
    assert ("flat", Dialect(), 0) == (found.shape, found.dialect, found.min_records)
    assert ("sqlite:///mlsm.db", "none") == (found.store_url, found.keep_inputs)
    assert (25_000, 0.01) == (found.part_rows, found.max_failed)
    assert ["fit@1.0"] == list(found.catalog)


MISTAKES = {
    "no section project": (
        "",
        'mlsm.toml:1: [project] name is missing.\n    Hint: Write name = "acme".',
    ),
    "no name": (
        "\n[project]",
        'mlsm.toml:2: [project] name is missing.\n    Hint: Write name = "acme".',
    ),
    "unknown section": (
        '[project]\nname = "acme"\n[inptu]\nnull = []',
        (
            "mlsm.toml:3: there is no section [inptu]; expected one of project, record, input, store, run, "
            "breaker, failing, isolation, git, models, columns.\n    Hint: Did you mean [input]?"
        ),
    ),
    "strange section": (
        '[project]\nname = "acme"\n[qqq]',
        (
            "mlsm.toml:3: there is no section [qqq]; expected one of project, record, input, store, run, "
            "breaker, failing, isolation, git, models, columns.\n    Hint: Remove it."
        ),
    ),
    "unknown key": (
        '[project]\nname = "acme"\n[store]\nurls = "sqlite:///x.db"',
        (
            "mlsm.toml:4: [store] has no key 'urls'; expected one of url, inputs, keep, patience.\n"
            "    Hint: Did you mean 'url'?"
        ),
    ),
    "unknown kind of store": (
        '[project]\nname = "acme"\n[store]\nurl = "oracle://ada:secret@db/leads"',
        (
            "mlsm.toml:4: [store] url begins with 'oracle'; expected one of mongodb, mongodb+srv, postgres, "
            "postgresql, sqlite.\n    Hint: Write sqlite:///mlsm.db for a file."
        ),
    ),
    "key of another section": (
        '[project]\nname = "acme"\n[store]\npart_rows = 5',
        (
            "mlsm.toml:4: [store] has no key 'part_rows'; expected one of url, inputs, keep, patience.\n"
            "    Hint: 'part_rows' belongs below [run]."
        ),
    ),
    "strange key": (
        '[project]\nname = "acme"\nqqq = 1',
        "mlsm.toml:3: [project] has no key 'qqq'; expected one of name, dependencies.\n    Hint: Remove it.",
    ),
    "key outside of sections": (
        'shape = "flat"\n[project]\nname = "acme"',
        "mlsm.toml:1: the key 'shape' stands outside of any section.\n    Hint: Move it below [input].",
    ),
    "strange key outside of sections": (
        'qqq = "flat"\n[project]\nname = "acme"',
        (
            "mlsm.toml:1: the key 'qqq' stands outside of any section.\n"
            "    Hint: There are the sections project, record, input, store, run, breaker, failing, "
            "isolation, git, models, columns."
        ),
    ),
    "section that is a value": (
        'store = "sqlite:///x.db"\n[project]\nname = "acme"',
        (
            "mlsm.toml:1: 'store' is the text 'sqlite:///x.db'; expected a section.\n"
            "    Hint: Write [store] on a line of its own, and its keys below."
        ),
    ),
    "text for a number": (
        '[project]\nname = "acme"\n[run]\npart_rows = "20000"',
        (
            "mlsm.toml:4: [run] part_rows is the text '20000'; expected a whole number.\n"
            "    Hint: Write part_rows = 25000."
        ),
    ),
    "flag for a number": (
        '[project]\nname = "acme"\n[run]\nmax_failed = true',
        "mlsm.toml:4: [run] max_failed is the flag true; expected a number.\n    Hint: Write max_failed = 0.01.",
    ),
    "number for text": (
        "[project]\nname = 7",
        'mlsm.toml:2: [project] name is the number 7; expected text in quotes.\n    Hint: Write name = "acme".',
    ),
    "time for text": (
        "[project]\nname = 2026-11-22",
        'mlsm.toml:2: [project] name is the time 2026-11-22; expected text in quotes.\n    Hint: Write name = "acme".',
    ),
    "text for a list": (
        '[project]\nname = "acme"\n[record]\nkeep = "email"',
        (
            "mlsm.toml:4: [record] keep is the text 'email'; expected a list of texts.\n"
            '    Hint: Write keep = ["email"].'
        ),
    ),
    "number within a list": (
        '[project]\nname = "acme"\n[input]\nnull = [\n  "unknown",\n  -1,\n]',
        'mlsm.toml:6: [input] null holds the number -1; expected text in quotes.\n    Hint: Write null = ["unknown"].',
    ),
    "blank name": (
        '[project]\nname = " "',
        "mlsm.toml:2: [project] name is ' '; expected a word or more.\n    Hint: Write the name between the quotes.",
    ),
    "unknown option": (
        '[project]\nname = "acme"\n[store]\ninputs = "all"',
        (
            "mlsm.toml:4: [store] inputs is 'all'; expected 'keep', 'hash' or 'none'.\n"
            "    Hint: Write 'keep', 'hash' or 'none'."
        ),
    ),
    "decimal mark": (
        '[project]\nname = "acme"\n[input]\ndecimal = ";"',
        "mlsm.toml:4: [input] decimal is ';'; expected '.' or ','.\n    Hint: Write '.' or ','.",
    ),
    "encoding": (
        '[project]\nname = "acme"\n[input]\nencoding = "utf-9"',
        (
            "mlsm.toml:4: [input] encoding is 'utf-9'; expected the name of a text encoding.\n"
            "    Hint: Declare a name such as utf-8, cp1252 or utf-16, or none and it is found out."
        ),
    ),
    "encoding of bytes": (
        '[project]\nname = "acme"\n[input]\nencoding = "base64"',
        (
            "mlsm.toml:4: [input] encoding is 'base64'; expected the name of a text encoding.\n"
            "    Hint: Declare a name such as utf-8, cp1252 or utf-16, or none and it is found out."
        ),
    ),
    "separator": (
        '[project]\nname = "acme"\n[input]\nseparator = "||"',
        (
            "mlsm.toml:4: [input] separator is '||'; expected one character.\n"
            "    Hint: Declare one character, such as ';', or its name: tab, comma, semicolon, pipe."
        ),
    ),
    "too small": (
        '[project]\nname = "acme"\n[run]\npart_rows = 0',
        "mlsm.toml:4: [run] part_rows is 0; expected 1 or more.\n    Hint: Write 1 or a greater number.",
    ),
    "no share": (
        '[project]\nname = "acme"\n[run]\nmax_failed = 5',
        "mlsm.toml:4: [run] max_failed is 5; expected a share from 0 to 1.\n    Hint: 1% is 0.01.",
    ),
    "share that is no number": (
        '[project]\nname = "acme"\n[run]\nmax_failed = nan',
        "mlsm.toml:4: [run] max_failed is nan; expected a share from 0 to 1.\n    Hint: 1% is 0.01.",
    ),
    "date format": (
        '[project]\nname = "acme"\n[input]\ndate_formats = [\n  "%d.%m.%Y",\n  "%Q",\n]',
        (
            "mlsm.toml:6: [input] date_formats holds '%Q', which cannot be used "
            "('Q' is a bad directive in format '%Q'); expected a format of strptime that tells year, month and day.\n"
            "    Hint: Such as '%d.%m.%Y' for 31.12.2026, or '%m/%d/%Y %H:%M' for 12/31/2026 23:59."
        ),
    ),
    "date format without a year": (
        '[project]\nname = "acme"\n[input]\ndate_formats = ["%d.%m."]',
        (
            "mlsm.toml:4: [input] date_formats holds '%d.%m.', which does not tell a day; "
            "expected a format of strptime that tells year, month and day.\n"
            "    Hint: Such as '%d.%m.%Y' for 31.12.2026, or '%m/%d/%Y %H:%M' for 12/31/2026 23:59."
        ),
    ),
    "kept twice": (
        '[project]\nname = "acme"\n[record]\nkeep = ["email",\n"email", ""]',
        "mlsm.toml:5: [record] keep names 'email' twice; expected each column once.\n    Hint: Remove one of the two.",
        "mlsm.toml:5: [record] keep holds ''; expected the name of a column.\n    Hint: Remove it, or name a column.",
    ),
    "word of both meanings": (
        '[project]\nname = "acme"\n[input]\ntrue = ["yes", "x"]\nfalse = ["no", "X"]',
        (
            "mlsm.toml:5: [input] false holds 'X', which means the opposite as well; expected one meaning a word.\n"
            "    Hint: Remove it from one of the two."
        ),
    ),
    "store that is no url": (
        '[project]\nname = "acme"\n[store]\nurl = "mlsm.db"',
        "mlsm.toml:4: [store] url is 'mlsm.db'; expected a URL.\n    Hint: Write it with its kind: sqlite:///mlsm.db.",
    ),
    "store that is a login": (
        '[project]\nname = "acme"\n[store]\nurl = "ada:secret@db/leads"',
        "mlsm.toml:4: [store] url is no URL; expected a URL.\n    Hint: Write it with its kind: sqlite:///mlsm.db.",
    ),
    "no paths": (
        '[project]\nname = "acme"\n[models]\npaths = []',
        (
            "mlsm.toml:4: [models] paths is empty; expected a folder, a .py file or 'module:name'.\n"
            '    Hint: Write paths = ["models"].'
        ),
    ),
    "no name of a module": (
        '[project]\nname = "acme"\n[models]\npaths = ["module:acme-scoring", "module:"]',
        (
            "mlsm.toml:4: [models] paths holds 'module:acme-scoring'; expected the dotted name of a module.\n"
            '    Hint: Such as "module:acme.scoring".'
        ),
        (
            "mlsm.toml:4: [models] paths holds 'module:'; expected a folder, a .py file or 'module:name'.\n"
            "    Hint: Remove it."
        ),
    ),
    "no TOML": (
        '[project]\nname = "acme"\n[columns.fit@1]\nx = "y"',
        (
            "mlsm.toml:3: the text is no TOML at column 13: Expected ']' at the end of a table declaration.\n"
            "    Hint: Look for a missing quote or bracket; text, and keys with '@', '.' or spaces, stand in quotes."
        ),
    ),
    "no TOML at the end": (
        '[project]\nname = """acme',
        (
            "mlsm.toml:2: the text is no TOML at its end: Unterminated string.\n"
            "    Hint: Look for a missing quote or bracket; text, and keys with '@', '.' or spaces, stand in quotes."
        ),
    ),
    "key twice": (
        '[project]\nname = "acme"\nname = "emca"',
        (
            "mlsm.toml:3: the text is no TOML at its end: Cannot overwrite a value.\n"
            "    Hint: Look for a missing quote or bracket; text, and keys with '@', '.' or spaces, stand in quotes."
        ),
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistake_is_told_with_line_and_hint(project: Written, case: str) -> None:
    """A mistake of the file is told where it stands, with what was expected and the way out."""
    manifest, *expected = MISTAKES[case]
    assert expected == project.write(manifest).mistakes()


def test_all_mistakes_are_told_at_once(project: Written) -> None:
    """One error tells of every mistake, in the order of the lines, and prints as a list."""
    project.write('[record]\nkeep = "x"\n[run]\npart_rows = -1\nmin_records = 3\n[projct]\n', broken="1 / 0")
    with pytest.raises(ProjectError) as caught:
        project.load()
    assert (
        f"Project {str(project.folder)!r} has 6 mistakes:\n"
        "  - mlsm.toml:1: [project] name is missing.\n"
        '    Hint: Write name = "acme".\n'
        "  - mlsm.toml:2: [record] keep is the text 'x'; expected a list of texts.\n"
        '    Hint: Write keep = ["email"].\n'
        "  - mlsm.toml:4: [run] part_rows is -1; expected 1 or more.\n"
        "    Hint: Write 1 or a greater number.\n"
        "  - mlsm.toml:5: [run] has no key 'min_records'; expected one of part_rows, workers, max_failed.\n"
        "    Hint: 'min_records' belongs below [input].\n"
        "  - mlsm.toml:6: there is no section [projct]; expected one of project, record, input, store, run, "
        "breaker, failing, isolation, git, models, columns.\n"
        "    Hint: Did you mean [project]?\n"
        "  - models/broken.py:1: 'models/broken.py' cannot be imported: ZeroDivisionError: division by zero\n"
        "    Hint: Mend the file; `python` on it alone shows the whole traceback."
    ) == str(caught.value)


def test_text_of_windows_is_read(project: Written) -> None:
    """A mark of the encoding and lines that end in two characters do no harm."""
    (project.folder / "mlsm.toml").write_bytes(b'\xef\xbb\xbf[project]\r\nname = "acme"\r\nx = 1\r\n')
    assert ["mlsm.toml:3:"] == [mistake.partition(" ")[0] for mistake in project.mistakes()]


def test_file_in_another_encoding_is_refused(project: Written) -> None:
    """A byte that is no UTF-8 is told with its line."""
    (project.folder / "mlsm.toml").write_bytes(b'[project]\nname = "caf\xe9"\n')
    assert ["mlsm.toml:2: the byte 0xe9 is no UTF-8.\n    Hint: Save the file as UTF-8."] == project.mistakes()


def test_folder_without_a_project_file_is_refused(tmp_path: Path, project: Written) -> None:
    """Neither the folder itself nor one above it holds a project file."""
    (project.folder / "mlsm.toml").unlink()
    with pytest.raises(ProjectError) as caught:
        project.load()
    assert (
        f"The project file {str(project.folder / 'mlsm.toml')!r} cannot be read: No such file or directory.\n"
        "Hint: `mlsm init DIR` makes a project with a commented one."
    ) == str(caught.value)
    with pytest.raises(ProjectError, match=r"No mlsm\.toml in") as caught:
        find_project(tmp_path)
    assert "Run `mlsm init DIR` to make a project, or name one with `--project DIR`." == caught.value.hint


def test_project_is_found_from_a_folder_within(project: Written) -> None:
    """The nearest folder upward that holds a project file is the project."""
    inside = project.folder / "models" / "deep"
    inside.mkdir()
    assert project.folder.resolve() == find_project(inside)
