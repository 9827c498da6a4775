"""Try models on typical and hostile records made from their fields, and on their golden records.

A record that satisfies the fields must get a score (or the model abstains), any other must
be told as invalid; the answer must be the same for a lead alone and among others. Golden
records lie beside a model's file, in NAME.golden.ndjson, each with the result that it must
give; --write-golden writes what models answer today. What is found is shown with the record
that shows it, and ends with exit code 1.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from mlsm.cli.counts import status_style
from mlsm.cli.golden import Checked, golden_cell, golden_notes, golden_told, show_written, written_golden
from mlsm.cli.opening import add_json, open_project, time_of
from mlsm.cli.progress import progress_bar
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean
from mlsm.errors import InputError

if TYPE_CHECKING:
    from mlsm._model import Model
    from mlsm.checks import Finding
    from mlsm.project import Project

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
example:
  mlsm check
  mlsm check fit@2.0.0
  mlsm check fit@2.0.0 --write-golden --from leads.csv"""
_GOLDEN_SHOWN = 10


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("models", nargs="*", metavar="MODEL", help="a name or name@version (default: all that run)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another number mixes values in other ways")
    writing = parser.add_argument_group("golden records")
    writing.add_argument("--write-golden", action="store_true", help="write what models that pass answer today")
    writing.add_argument("--from", dest="rows", metavar="FILE", help="take rows of a file of leads as well")
    writing.add_argument("--as-of", type=time_of, metavar="TIME", help="the date the models take for today (UTC)")
    writing.add_argument("--force", action="store_true", help="write anew what is there for these versions")
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Check models."""
    _check_options(args)
    project = open_project(args)
    found = (written_golden if args.write_golden else _checked)(args, project, _chosen(project, args.models), terminal)
    if terminal.json:
        terminal.document([_told(project.catalog[key], checked) for key, checked in found.items()])
    else:
        _show(project, found, terminal)
    return 1 if any(checked.findings for checked in found.values()) else 0


def _check_options(args: Namespace) -> None:
    """Refuse options that would do nothing: whoever wrote them meant something.

    Raises:
        InputError: one of them says how to write, and nothing is to be written.
    """
    given = {"--from": args.rows, "--as-of": args.as_of, "--force": args.force or None}
    if alone := [option for option, value in given.items() if value is not None and not args.write_golden]:
        raise InputError(
            f"{' and '.join(alone)} {'says' if len(alone) == 1 else 'say'} how golden records are written, "
            "but there is no --write-golden.",
            hint="Add --write-golden.",
        )


def _chosen(project: Project, names: Sequence[str]) -> list[str]:
    """Give the keys of the models asked for, in the order of the catalog."""
    catalog = project.catalog
    wanted = {catalog[name].key for name in names if "@" in name} | {
        model.key for model in catalog.running if not names or model.name in names
    }
    for name in names:
        catalog.only([name])  # an unknown name is refused before anything is checked
    return [model.key for model in catalog.values() if model.key in wanted]


def _checked(args: Namespace, project: Project, chosen: Sequence[str], terminal: Terminal) -> dict[str, Checked]:
    """Check one model after the other, so that the bar moves."""
    from mlsm.service import check
    from mlsm.service.golden_files import find_golden

    catalog, folder = project.catalog, project.folder
    found: dict[str, Checked] = {}
    with progress_bar(terminal, "Checking", unit="models") as advance:
        for place, key in enumerate(chosen):
            advance("Checking", place, len(chosen))
            findings = check(catalog, [key], reading=project.reading, seed=args.seed, folder=folder)
            found[key] = Checked(findings=findings, golden=find_golden(catalog, catalog[key], folder))
        advance("Checking", len(chosen), len(chosen))
    return found


def _show(project: Project, found: Mapping[str, Checked], terminal: Terminal) -> None:
    rows = [
        {
            "model": key,
            "status": project.catalog[key].status,
            "result": amount(len(checked.findings), "finding") if checked.findings else "passed",
            "golden": golden_cell(checked),
        }
        for key, checked in found.items()
    ]
    columns = [
        Column(key="model"),
        Column(key="status", style_of=status_style),
        Column(key="result", style_of=lambda result: "green" if result == "passed" else "red"),
    ]
    if any(row["golden"] for row in rows):
        columns.append(Column(key="golden"))
    terminal.table(Table(columns=tuple(columns), rows=rows))
    catalog = project.catalog
    for key in found:
        for note in getattr(catalog[key], "notes", ()):  # of a fitted model's file: no findings, but worth a look
            for line in f"{key}: {note}".splitlines():
                terminal.write(clean(line), style="yellow")
    notes = [
        golden_notes(key, checked, {model.version for model in catalog.values() if model.name == catalog[key].name})
        for key, checked in found.items()
    ]
    for note in dict.fromkeys(chain.from_iterable(notes)):
        terminal.write(note, style="yellow")
    for key, checked in found.items():
        if checked.findings:
            terminal.title(key)
            _show_findings(checked.findings, terminal)
    bad = sum(bool(checked.findings) for checked in found.values())
    terminal.say()
    show_written([checked.written for checked in found.values() if checked.written is not None], terminal)
    if bad:
        terminal.say(f"{amount(bad, 'model version')} of {len(found):,} failed.", style="bold red")
    else:
        terminal.say(f"{amount(len(found), 'model version')} passed.", style="green")


def _show_findings(findings: Sequence[Finding], terminal: Terminal) -> None:
    """Show findings; golden records that differ are often many, and one tells most."""
    golden = 0
    for finding in findings:
        golden += finding.check == "golden"
        if finding.check != "golden" or golden <= _GOLDEN_SHOWN:
            _show_finding(finding, terminal)
    if golden > _GOLDEN_SHOWN:
        terminal.write(f"  and {amount(golden - _GOLDEN_SHOWN, 'golden record')} more; --json tells all.", style="dim")


def _show_finding(finding: Finding, terminal: Terminal) -> None:
    from mlsm.checks.finding import shown_record

    terminal.write(f"  {clean(finding.what)}")
    if finding.record is not None:
        more = f" and {finding.count - 1:,} more" if finding.count > 1 else ""
        terminal.write(f"      record: {clean(shown_record(finding.record))}{more}", style="dim")
    for line in (finding.trace or "").rstrip().splitlines():
        terminal.write(f"      {clean(line)}", style="dim")


def _told(model: Model, checked: Checked) -> dict[str, Any]:
    """Give findings as JSON can say them: hostile values as Python writes them."""
    from mlsm.checks.finding import shown_value

    return {
        "model": model.key,
        "notes": list(getattr(model, "notes", ())),
        "passed": not checked.findings,
        "findings": [
            {
                "check": finding.check,
                "what": clean(finding.what),
                "record": finding.record and {name: shown_value(value) for name, value in finding.record.items()},
                "count": finding.count,
                "trace": finding.trace,
            }
            for finding in checked.findings
        ],
        "golden": golden_told(checked),
    }
