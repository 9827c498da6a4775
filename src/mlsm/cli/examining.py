"""What a dry run tells: the inputs, their columns, and what would become of the leads."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import absent_lines, amount, clean, moment, named

if TYPE_CHECKING:
    from mlsm.service import Examination, Job

__all__ = ["show_examination"]


def show_examination(job: Job, terminal: Terminal) -> int:
    """Look at a job's inputs and tell what scoring them would do.

    Raises:
        InputError: the inputs would be refused.
    """
    from mlsm.service.running import examine

    found = examine(job)
    if terminal.json:
        terminal.document(_document(job, found))
        return 0
    terminal.table(_inputs(job, found))
    terminal.title("Models")
    terminal.table(_models(job, found))
    terminal.write()
    ids = "numbers of rows" if job.id_column is None else f"column {clean(job.id_column)}"
    terminal.write(f"ids       {ids}")
    terminal.write(f"as of     {moment(job.as_of)} UTC ({job.purpose})")
    if job.keep:
        terminal.write(f"kept      {named(job.keep, limit=20)}")
    fields = {field.column for model in job.catalog.running for field in model.inputs}
    read = (fields if job.shape == "flat" else {"data"}) | {job.id_column, *job.keep}
    if unread := [name for name in found.names if name not in read]:
        terminal.write(f"unread    {named(unread, limit=20)}")
    for line in absent_lines(found.absent):
        terminal.write(f"empty     {line}")
    terminal.write(f"rejected  {amount(found.rejected, 'row')}")
    for reason, count in Counter(reject.reason.partition(",")[0] for reject in found.rejects).most_common(5):
        terminal.write(f"          {count:,}: {clean(reason)}")
    scored = amount(found.rows - found.rejected, "lead")
    results = amount((found.rows - found.rejected) * len(job.catalog.running), "result")
    terminal.say()
    terminal.say(f"{scored} would be scored by {amount(len(job.catalog.running), 'model version')}: {results}.")
    if job.resume:
        terminal.say("Of them, --resume leaves out what an unfinished run of the same leads has stored.")
    terminal.say("Nothing was stored. Without --dry-run this is done.", style="dim")
    return 0


def _inputs(job: Job, found: Examination) -> Table:
    columns = (
        Column(key="file"),
        Column(key="rows", right=True),
        Column(key="columns", right=True),
        Column(key="options", title="read as"),
    )
    rows = [
        {
            "file": reader.source,
            "rows": sum(parts),
            "columns": len(reader.facts().names),
            "options": ", ".join(f"{name} {clean(value)!r}" for name, value in reader.options().items()),
        }
        for reader, parts in zip(job.inputs, found.parts, strict=True)
    ]
    return Table(columns=columns, rows=rows)


def _models(job: Job, found: Examination) -> Table:
    columns = (
        Column(key="model"),
        Column(key="status"),
        Column(key="missing", title="required columns missing", style_of=lambda names: "red" if names else ""),
    )
    rows = [
        {"model": model.key, "status": model.status, "missing": list(found.missing.get(model.key, ()))}
        for model in job.catalog.running
    ]
    return Table(columns=columns, rows=rows)


def _document(job: Job, found: Examination) -> dict[str, Any]:
    files = _inputs(job, found).rows
    return {
        "inputs": [{**row, "options": reader.options()} for reader, row in zip(job.inputs, files, strict=True)],
        "id_column": job.id_column,
        "rows": found.rows,
        "columns": found.names,
        "rejected": found.rejected,
        "rejects": found.rejects,
        "missing": found.missing,
        "absent": found.absent,
        "models": [model.key for model in job.catalog.running],
        "as_of": job.as_of,
        "purpose": job.purpose,
    }
