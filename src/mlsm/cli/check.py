"""Try models on typical and hostile records made from their fields.

A record that satisfies the fields must get a score (or the model abstains), any other must
be told as invalid; the answer must be the same for a lead alone and among others. What is
found is shown with the record that shows it, and ends with exit code 1.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlsm.cli.counts import status_style
from mlsm.cli.opening import add_json, open_project
from mlsm.cli.progress import progress_bar
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean

if TYPE_CHECKING:
    from mlsm.checks import Finding
    from mlsm.project import Project

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm check\n  mlsm check fit@2.0.0"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("models", nargs="*", metavar="MODEL", help="a name or name@version (default: all that run)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another number mixes values in other ways")
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Check models."""
    project = open_project(args)
    found = _found(project, args.models, args.seed, terminal)
    if terminal.json:
        terminal.document([_told(key, findings) for key, findings in found.items()])
    else:
        _show(project, found, terminal)
    return 1 if any(found.values()) else 0


def _found(project: Project, names: Sequence[str], seed: int, terminal: Terminal) -> dict[str, list[Finding]]:
    """Check one model after the other, so that the bar moves."""
    from mlsm.service import check

    catalog = project.catalog
    wanted = {catalog[name].key for name in names if "@" in name} | {
        model.key for model in catalog.running if not names or model.name in names
    }
    for name in names:
        catalog.only([name])  # an unknown name is refused before anything is checked
    chosen = [model.key for model in catalog.values() if model.key in wanted]
    found: dict[str, list[Finding]] = {}
    with progress_bar(terminal, "Checking", unit="models") as advance:
        for place, key in enumerate(chosen):
            advance("Checking", place, len(chosen))
            found[key] = check(catalog, [key], reading=project.reading, seed=seed, folder=project.folder)
        advance("Checking", len(chosen), len(chosen))
    return found


def _show(project: Project, found: Mapping[str, list[Finding]], terminal: Terminal) -> None:
    rows = [
        {
            "model": key,
            "status": project.catalog[key].status,
            "result": amount(len(findings), "finding") if findings else "passed",
        }
        for key, findings in found.items()
    ]
    columns = (
        Column(key="model"),
        Column(key="status", style_of=status_style),
        Column(key="result", style_of=lambda result: "green" if result == "passed" else "red"),
    )
    terminal.table(Table(columns=columns, rows=rows))
    for key, findings in found.items():
        if findings:
            terminal.title(key)
        for finding in findings:
            _show_finding(finding, terminal)
    bad = sum(bool(findings) for findings in found.values())
    terminal.say()
    if bad:
        terminal.say(f"{amount(bad, 'model version')} of {len(found):,} failed.", style="bold red")
    else:
        terminal.say(f"{amount(len(found), 'model version')} passed.", style="green")


def _show_finding(finding: Finding, terminal: Terminal) -> None:
    from mlsm.checks.finding import shown_record

    terminal.write(f"  {clean(finding.what)}")
    if finding.record is not None:
        more = f" and {finding.count - 1:,} more" if finding.count > 1 else ""
        terminal.write(f"      record: {clean(shown_record(finding.record))}{more}", style="dim")
    for line in (finding.trace or "").rstrip().splitlines():
        terminal.write(f"      {clean(line)}", style="dim")


def _told(key: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """Give findings as JSON can say them: hostile values as Python writes them."""
    from mlsm.checks.finding import shown_value

    return {
        "model": key,
        "passed": not findings,
        "findings": [
            {
                "check": finding.check,
                "what": clean(finding.what),
                "record": finding.record and {name: shown_value(value) for name, value in finding.record.items()},
                "count": finding.count,
                "trace": finding.trace,
            }
            for finding in findings
        ],
    }
