"""Golden records in `mlsm check`: what was compared, what was not, and what was written."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlsm._model import split_key
from mlsm.cli.opening import open_input
from mlsm.cli.progress import progress_bar
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean

if TYPE_CHECKING:
    from mlsm.checks import Finding
    from mlsm.project import Project
    from mlsm.service.golden_files import FoundGolden
    from mlsm.service.golden_writing import Written

__all__ = ["Checked", "golden_cell", "golden_notes", "golden_told", "show_written", "written_golden"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came out for one model version.

    Args:
        findings: what is wrong with it.
        golden: its golden records.
        written: what was written, None where nothing was to be.
    """

    findings: Sequence[Finding]
    golden: FoundGolden
    written: Written | None = None

    @property
    def differing(self) -> int:
        """Count the golden records that are not met."""
        return sum(finding.check == "golden" and finding.record is not None for finding in self.findings)

    @property
    def others(self) -> dict[str, int]:
        """Count the golden records of other versions, which are not applied."""
        return dict(Counter(str(golden.version) for golden in self.golden.others))


def written_golden(args: Namespace, project: Project, chosen: Sequence[str], terminal: Terminal) -> dict[str, Checked]:
    """Write golden records of one model after the other, so that the bar moves.

    Raises:
        InputError: a file is there already, or the input cannot be read.
    """
    from mlsm.checks import CLOCK
    from mlsm.service.golden_files import find_golden
    from mlsm.service.golden_writing import write_golden

    catalog, folder = project.catalog, project.folder
    found: dict[str, Checked] = {}
    writing = write_golden(
        catalog,
        chosen,
        folder=folder,
        reading=project.reading,
        rows=None if args.rows is None else open_input(args.rows, project),
        as_of=CLOCK if args.as_of is None else args.as_of,
        force=args.force,
        seed=args.seed,
    )
    with progress_bar(terminal, "Writing", unit="models") as advance:
        advance("Writing", 0, len(chosen))
        for written in writing:
            golden = find_golden(catalog, catalog[written.model], folder)
            found[written.model] = Checked(findings=written.findings, golden=golden, written=written)
            advance("Writing", len(found), len(chosen))
    return found


def golden_cell(checked: Checked) -> str:
    """Say in a table how many golden records were met, and how many are for other versions."""
    if checked.written is not None:
        return "nothing written" if checked.findings else f"{len(checked.golden.records):,} written"
    if not checked.golden.files and not checked.golden.mistakes:
        return ""
    total = len(checked.golden.records)
    told = f"{checked.differing:,} of {total:,} differ" if checked.differing else f"{total:,} met" if total else "none"
    others = len(checked.golden.others)
    return f"{told}, {others:,} for other versions" if others else told


def golden_notes(key: str, checked: Checked, versions: Collection[str]) -> Iterator[str]:
    """Say which golden records were not applied, where that leaves a model without or may be a slip.

    Args:
        key: the model.
        checked: what came out for it.
        versions: those that there are of its name.
    """
    if checked.written is not None:
        return
    file = clean(" and ".join(checked.golden.files))
    told = ", ".join(f"{count:,} for {clean(version)}" for version, count in checked.others.items())
    if told and not checked.golden.records:
        yield f"{file}: no golden record is for {clean(key)}: {told}, which were not applied to it."
    for version, count in checked.others.items():
        if version not in versions:
            name = f"{split_key(key)[0]}@{version}"
            yield f"{file}: {amount(count, 'golden record')} for {clean(name)}, which is not in the catalog."


def golden_told(checked: Checked) -> dict[str, Any] | None:
    """Give the same for JSON, None where there is no file."""
    golden, written = checked.golden, checked.written
    if not golden.files and not golden.mistakes:
        return None
    return {
        "files": list(golden.files),
        "records": len(golden.records),
        "differing": checked.differing if written is None else 0,
        "not_applied": checked.others,
        "written": None
        if written is None or written.findings
        else {
            "file": written.file,
            "typical": written.typical,
            "sampled": written.sampled,
            "outcomes": dict(written.outcomes),
            "replaced": written.replaced,
        },
    }


def show_written(written: Sequence[Written], terminal: Terminal) -> None:
    """Say what was written, and where."""
    for one in written:
        if one.findings:
            terminal.say(f"{clean(one.file)}: nothing was written of {clean(one.model)}, which does not pass.")
            continue
        made = [f"{one.typical:,} made from the fields"] if one.typical else []
        made += [f"{one.sampled:,} taken from the input"] if one.sampled else []
        made += [f"{one.replaced:,} replaced"] if one.replaced else []
        made += [f"{one.kept:,} of other versions kept"] if one.kept else []
        outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in one.outcomes.items())
        total = amount(one.typical + one.sampled, "golden record")
        terminal.say(f"Wrote {total} of {clean(one.model)} to {clean(one.file)}: {', '.join(made)}; {outcomes}.")
    if written and not all(one.findings for one in written):
        terminal.say("Look them over: from now on `mlsm check` holds the models to them.")
