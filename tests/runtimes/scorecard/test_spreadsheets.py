"""Tables go to spreadsheets and come back."""

from __future__ import annotations

import pytest

from mlsm import DeclarationError
from mlsm.runtimes.scorecard.csv import rules_to_csv, table_from_csv
from mlsm.runtimes.scorecard.reading import read_table

TOML = """\
baseline = 10
cap = 100

[fields]
employees = { type = "int", required = true }

[labels]
hot = 60
cold = "rest"

[group.profile]
cap = 50
labels = { A = 40, B = "rest" }

[[rule]]
field = "employees"
at_least = 50
below = 500
points = 20
group = "profile"
text = "a company of middle size"

[[rule]]
field = "country"
one_of = ["DE", "7", "a|b", "true"]
points = 10.5

[[rule]]
field = "visits"
each = true
where = { kind = "webinar" }
half_life = 30
points = 2
"""

CSV = '''\
field,criterion,value,points,group,text,below,where,half_life
[table],baseline,10,,,,,,
[table],cap,100,,,,,,
[fields.employees],type,int,,,,,,
[fields.employees],required,true,,,,,,
[labels],hot,60,,,,,,
[labels],cold,rest,,,,,,
[group.profile],cap,50,,,,,,
[group.profile.labels],A,40,,,,,,
[group.profile.labels],B,rest,,,,,,
employees,at_least,50,20,profile,a company of middle size,500,,
country,one_of,"DE | ""7"" | ""a|b"" | ""true""",10.5,,,,,
visits,each,true,2,,,,"{ kind = ""webinar"" }",30
'''


def test_a_table_is_a_spreadsheet() -> None:
    """Every part of the table has its row."""
    assert CSV == rules_to_csv(read_table(TOML))


def test_a_spreadsheet_is_a_table() -> None:
    """The text that comes back is the text that went."""
    assert TOML == table_from_csv(rules_to_csv(read_table(TOML)))


def test_german_spreadsheets_are_read() -> None:
    """Semicolons, decimal commas, a byte order mark, words in capitals, headers with spaces."""
    text = (
        "\ufeffField;Criterion;Value;Points;Group;Half Life\r\n"
        "x;at least;2,5;10;fit;\r\nopted;equals;TRUE;5;;\r\n;;;;;\r\n"
    )
    expected = (
        '[group.fit]\n\n[[rule]]\nfield = "x"\nat_least = 2.5\npoints = 10\ngroup = "fit"\n\n'
        '[[rule]]\nfield = "opted"\nequals = true\npoints = 5\n'
    )
    assert expected == table_from_csv(text)


def test_mistakes_are_told_with_their_lines() -> None:
    """Headers, cells and rules: each with the line of the spreadsheet."""
    with pytest.raises(DeclarationError) as caught:
        table_from_csv('field,criterion,valu,points\nx,at_least,5,1\n[labels,hot,1,\ny,equals,"""a",1\n', "p.csv")
    told = [problem.partition("\n")[0] for problem in caught.value.problems]
    assert [
        "p.csv:1: The header has an unknown column 'valu'.",
        "p.csv:3: The heading '[labels' cannot be read.",
        "p.csv:4: The cell '\"a' of valu cannot be read: Unterminated string (at end of document).",
    ] == told
    with pytest.raises(DeclarationError, match=r"p\.csv:3: The rule on 'y' has points = 'many'; expected a number"):
        table_from_csv("field,criterion,value,points\nx,at_least,5,1\ny,equals,a,many\n", "p.csv")
    with pytest.raises(DeclarationError) as caught:
        table_from_csv("field,criterion,value,points,text,points\nx,equals,a,1,big,1, and bold\n", "p.csv")
    told = [problem.partition("\n")[0] for problem in caught.value.problems]
    assert [
        "p.csv:1: The header has the column 'points' twice.",
        "p.csv:2: The row has 7 cells; expected 6, as many as the header.",
    ] == told


def test_a_point_between_thousands_is_no_decimal_point() -> None:
    """Beside semicolons 1.000 is a thousand to some and one to others: nobody guesses."""
    with pytest.raises(DeclarationError) as caught:
        table_from_csv("field;criterion;value;points\nx;at_least;1.000;10\ny;at_least;0.125;10\n", "p.csv")
    assert [
        (
            "p.csv:2: The cell '1.000' of at_least may be 1000 or 1,000; beside semicolons both are usual.\n"
            "    Hint: Write 1000 or 1,000; text stands in quotes."
        )
    ] == list(caught.value.problems)


def test_all_mistakes_of_a_spreadsheet_are_told_at_once() -> None:
    """A cell that cannot be read hides none of what is wrong with other rows, and is told once."""
    rows = 'x,equals,"""a",1\ny,,5,1\nz,at_least,5,many\n'
    with pytest.raises(DeclarationError) as caught:
        table_from_csv(f"field,criterion,value,points\n{rows}", "p.csv")
    assert ["p.csv:2", "p.csv:3", "p.csv:4"] == [
        problem.rpartition(": The")[0][:7] for problem in caught.value.problems
    ]
