"""Turn a points table from a spreadsheet into a scorecard, or a scorecard into a spreadsheet.

The scorecard is TOML, which git compares line by line; the spreadsheet is CSV, a row a rule.
Both say the same: what goes one way and back is what it was.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount
from mlsm.errors import InputError

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm scorecard from points.csv fit.toml\n  mlsm scorecard to points.csv fit.toml"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("way", choices=("from", "to"), help="from a spreadsheet, or to one")
    parser.add_argument("sheet", metavar="CSV", help="the spreadsheet")
    parser.add_argument("card", metavar="TOML", help="the scorecard")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def run(args: Namespace, terminal: Terminal) -> int:
    """Convert one file into the other."""
    from mlsm.runtimes.scorecard.csv import rules_to_csv, table_from_csv
    from mlsm.runtimes.scorecard.reading import read_file, read_table

    sheet, card = Path(args.sheet), Path(args.card)
    if args.way == "from":
        text = table_from_csv(_text(sheet), sheet.name)
        table = read_table(text, card.name)
        target = card
    else:
        table = read_file(card)
        text, target = rules_to_csv(table), sheet
    if target.exists() and not args.force:
        raise InputError(f"There is a {str(target)!r} already.", hint="Name another file, or write over it: --force.")
    target.write_text(text, encoding="utf-8", newline="\n")
    terminal.say(f"{target} holds {amount(len(table.rules), 'rule')}.", style="bold")
    return 0


def _text(sheet: Path) -> str:
    try:
        return sheet.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")  # spreadsheets write a mark and \r\n
    except OSError as error:
        raise InputError(f"The spreadsheet {str(sheet)!r} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The spreadsheet {str(sheet)!r} is no UTF-8.", hint="Save it as CSV in UTF-8.") from error
