"""Turn a points table from a spreadsheet into a scorecard, or a scorecard into a spreadsheet.

The scorecard is TOML, which git compares line by line; the spreadsheet is CSV, a row a rule.
Both say the same: what goes one way and back is what it was. Ranges that overlap, and what
can never be reached, are warned of.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean
from mlsm.errors import InputError

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
example:
  mlsm scorecard from points.csv fit.toml
  mlsm scorecard to points.csv fit.toml

columns of the spreadsheet:
  field, criterion, value, points, group, text, and any other key of a rule

criteria:
  equals, one_of, none_of                        one value, or several: DE | AT | CH
  contains, starts_with, ends_with, matches      text; ignore_case in a column of its own
  at_least, at_most, above, below, between       numbers and dates: 50 | 200
  is_empty                                       true or false
  days_since_at_least, days_since_at_most, days_since_between
                                                 whole days from a date to the day of scoring
  times_at_least, times_at_most, times_between, each
                                                 events, within_days

other keys:
  half_life, fades_over, since                   points fade with the age of a date
  all, any                                       further criteria on other fields
  max_points, where, on_top                      see the guide docs/guides/scorecard.md

above the rules, in place of a field:
  [table] cap, floor, baseline   [labels] hot   [group.NAME] cap, floor, weight   [grid] of"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("way", choices=("from", "to"), help="from a spreadsheet, or to one")
    parser.add_argument("sheet", metavar="CSV", help="the spreadsheet")
    parser.add_argument("card", metavar="TOML", help="the scorecard")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def run(args: Namespace, terminal: Terminal) -> int:
    """Convert one file into the other."""
    from mlsm.runtimes.scorecard.csv import read_csv, rules_to_csv
    from mlsm.runtimes.scorecard.plan import plan_of
    from mlsm.runtimes.scorecard.reading import read_file
    from mlsm.runtimes.scorecard.toml import table_to_toml
    from mlsm.runtimes.scorecard.warnings import warnings_of

    sheet, card = Path(args.sheet), Path(args.card)
    if args.way == "from":
        table, target = read_csv(_text(sheet), sheet.name), card
        text = table_to_toml(table)
    else:
        table, target = read_file(card), sheet
        text = rules_to_csv(table)
    plan, _ = plan_of(table)
    if target.exists() and not args.force:
        raise InputError(f"There is a {str(target)!r} already.", hint="Name another file, or write over it: --force.")
    target.write_text(text, encoding="utf-8", newline="\n")
    terminal.say(f"{target} holds {amount(len(table.rules), 'rule')}.", style="bold")
    for warning in warnings_of(table, plan):
        for line in warning.at(f"{table.source}:").splitlines():
            terminal.say(clean(line), style="yellow")
    if args.way == "from":
        terminal.say("To score with it, write into mlsm.toml:")
        name = card.stem.replace(" ", "_")
        terminal.say(f'  [[model]]\n  name = "{clean(name)}"\n  version = "1.0"\n  path = "{clean(card)}"')
    return 0


def _text(sheet: Path) -> str:
    try:
        return sheet.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")  # spreadsheets write a mark and \r\n
    except OSError as error:
        raise InputError(f"The spreadsheet {str(sheet)!r} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The spreadsheet {str(sheet)!r} is no UTF-8.", hint="Save it as CSV in UTF-8.") from error
