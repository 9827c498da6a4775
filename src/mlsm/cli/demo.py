"""See it all work: make an example project and sample leads, score them, look at the result.

Seven active models, one of them a summary that decides whom to call, and two drafts; a few leads
are broken on purpose. Takes less than a minute. An earlier demo in the folder is replaced.
"""

from __future__ import annotations

import csv
import shlex
import shutil
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mlsm.cli import score
from mlsm.cli.best import find_best, show_bands, show_best
from mlsm.cli.opening import add_json, opened_store
from mlsm.cli.progress import progress_bar
from mlsm.cli.scoring import Scoring, exit_code, score_job
from mlsm.cli.summary import Done, show_counts, show_failures, summary_document, tell_next, tell_run
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import clean, lead_command, number
from mlsm.errors import ProjectError

if TYPE_CHECKING:
    from mlsm.cli.best import Best

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm demo\n  mlsm demo somewhere --rows 5000 --seed 7"
FOLDER = "mlsm-demo"
ROWS = 50_000
ROWS_MIN = 100
MARKER = ".mlsm-demo"
"""A folder with this file was made by the demo, and may be replaced by it."""
_STEP = 500
_FAILURES_SHOWN = 6


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("folder", nargs="?", default=FOLDER, metavar="DIR", help=f"where to (default: {FOLDER})")
    parser.add_argument(
        "--rows", type=_rows, default=ROWS, metavar="N", help=f"how many leads (default: {number(ROWS)})"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="another number makes other leads")
    add_json(parser)


def _rows(text: str) -> int:
    if not text.isdecimal() or int(text) < ROWS_MIN:
        raise ArgumentTypeError(f"{text!r} is no number of leads; expected at least {ROWS_MIN}")
    return int(text)


def run(args: Namespace, terminal: Terminal) -> int:
    """Run the demo."""
    from mlsm.example.leads import AS_OF
    from mlsm.project import load_project

    folder = Path(args.folder)
    _make_project(folder)
    terminal.say(f"{clean(folder)} holds an example project now.")
    _make_leads(folder / "leads.csv", args.rows, args.seed, terminal)
    project = load_project(folder)
    parser = ArgumentParser()
    score.add_arguments(parser)
    asked = parser.parse_args([str(folder / "leads.csv")], Namespace(as_of=AS_OF, given=args.given))
    # The example's clock is fixed, so that everybody sees the same scores; for it nothing lies ahead.
    done = score_job(Scoring(project=project, job=score.job_of(asked, project, AS_OF), log=args.log), terminal)
    with opened_store(None, project) as store:
        best = find_best(store, project.catalog)
    if terminal.json:
        terminal.document(
            {**summary_document(done), "model": best.model.key, "bands": best.bands, "best": best.results}
        )
    else:
        _show(done, best, folder, terminal)
    return exit_code(done)


def _make_project(folder: Path) -> None:
    """Write the example project; an earlier demo makes room, anything else is left alone.

    Raises:
        ProjectError: the folder holds something that no demo made.
    """
    from mlsm.example.project import create

    if (folder / MARKER).is_file() and not folder.is_symlink():
        shutil.rmtree(folder)
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(
            f"{str(folder)!r} is in the way; expected no such folder, an empty one, or one of an earlier demo.",
            hint="Name another one: `mlsm demo DIR`.",
        )
    create(folder, example=True)
    (folder / MARKER).write_text("Made by `mlsm demo`, which replaces this folder when it runs again.\n")


def _make_leads(file: Path, rows: int, seed: int | None, terminal: Terminal) -> None:
    from mlsm.example.leads import COLUMNS, SEED, generate

    with (
        progress_bar(terminal, "Making sample leads") as advance,
        file.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for place, lead in enumerate(generate(rows, seed=SEED if seed is None else seed), 1):
            writer.writerow(lead.values())
            if place % _STEP == 0 or place == rows:
                advance("Making sample leads", place, rows)


def _show(done: Done, best: Best, folder: Path, terminal: Terminal) -> None:
    """Show the run, who is worth a call, what failed, and what to try next."""
    terminal.title("Results by model version")
    show_counts(done, terminal)
    show_bands(best, terminal)
    show_best(best, terminal)
    show_failures(done.report, terminal, limit=_FAILURES_SHOWN)
    terminal.say()
    tell_run(done, terminal)
    first = best.results[0].record_id if best.results else "ID"
    tell_next(
        [
            (f"cd {shlex.quote(str(folder))}", "the project: mlsm.toml, models/, leads.csv"),
            (lead_command(first), "one lead: what sales sees, and why"),
            (f"mlsm runs {(done.report.run_id or '')[:13]} --errors", "what failed, with tracebacks and leads"),
            (f"mlsm export --wide --models {best.model.name} --label {best.top} calls.csv", "whom to call, as a file"),
            ("mlsm list", "the models; their code is in models/"),
            ("mlsm check", "hostile records, to find what breaks a model"),
        ],
        terminal,
    )
