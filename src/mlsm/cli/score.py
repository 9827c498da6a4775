"""Score leads from files with every model, and keep every result.

Files are CSV, Parquet or NDJSON, also as .gz, or - for standard input; --from and --query
score what a database answers (of MongoDB: --from, --collection, --filter), and --resume then
skips ids that are stored. A failing model
or a broken lead never stops a run; a run that was stopped goes on with --resume.

Long work is shared by several processes: `--workers auto` (the default, unless [run] workers
says otherwise) begins in the command's own process; where the rest would take more than a second
it starts a worker for every other core, with its own copy of the models, and scores beside them.
0 starts none. Results are the same for any number. A run whose process died is taken up by workers
alone, so that a record that crashed it costs only its own result.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlsm.cli.examining import show_examination
from mlsm.cli.opening import (
    add_json,
    add_store,
    count,
    names,
    open_input,
    open_project,
    open_query,
    shown_url,
    time_of,
    workers,
)
from mlsm.cli.outputs import check_places
from mlsm.cli.scoring import Scoring, exit_code, score_job
from mlsm.cli.summary import show_summary
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import clean, moment
from mlsm.errors import InputError

if TYPE_CHECKING:
    from mlsm.contracts import Reader
    from mlsm.project import Project
    from mlsm.service import Job

__all__ = ["EXAMPLES", "add_arguments", "job_of", "run"]

EXAMPLES = """\
example:
  mlsm score leads.csv --id lead_id
  mlsm score leads.parquet --dry-run
  mlsm score --from postgresql://ada@db/crm --query 'select * from leads order by id' --id id
  mlsm score leads.csv.gz --as-of 2026-11-22 --out scores.parquet --wide"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("files", nargs="*", default=[], metavar="FILE", help="what to score; - is standard input")
    source.add_argument("--from", dest="database", metavar="URL", help="score what this database answers to --query")
    parser.add_argument("--query", metavar="SQL", help="what it is asked, such as 'select * from leads'")
    parser.add_argument("--collection", metavar="NAME", help="instead of --query: a collection of MongoDB")
    parser.add_argument("--filter", metavar="JSON", help='with --collection: only these, such as \'{"country": "DE"}\'')
    ids = parser.add_mutually_exclusive_group()
    ids.add_argument("--id", metavar="COLUMN", help="the column of ids (default: [record] id of the project)")
    ids.add_argument("--id-row", action="store_true", help="there is no id: use the file's name and the row's number")
    parser.add_argument("--models", type=names, metavar="A,B", help="only these models, and those that they need")
    parser.add_argument("--as-of", type=time_of, metavar="TIME", help="the date the models take for today (UTC)")
    parser.add_argument(
        "--reasons", type=count, default=0, metavar="N", help="tell for each score the N fields that moved it most"
    )
    parser.add_argument("--trial", action="store_true", help="keep the results, but not as what sales sees")
    parser.add_argument("--resume", action="store_true", help="go on with an unfinished run, if there is one")
    parser.add_argument("--dry-run", action="store_true", help="look at the files and stop; nothing is stored")
    parser.add_argument("--force", action="store_true", help="score even if columns or most leads are missing")
    parser.add_argument(
        "--degraded", action="store_true", help="score without active versions that cannot be loaded: they are skipped"
    )
    parser.add_argument("--out", metavar="FILE", help="also write results to a file, a folder that ends in /, or -")
    parser.add_argument("--wide", action="store_true", help="with --out: one row a lead with a column a model")
    parser.add_argument("--rejects", metavar="FILE", help="also write rows that were not scored, and why (CSV)")
    parser.add_argument("--no-store", action="store_true", help="keep nothing; only --out receives results")
    parser.add_argument("--workers", type=workers, metavar="N", help="processes that score (default: auto, see below)")
    add_store(parser)
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Score."""
    _check_options(args)
    project = open_project(args, broken="degraded" if args.degraded else "drafts")
    job = job_of(args, project, datetime.now(UTC))
    if args.dry_run:
        return show_examination(job, terminal)
    if job.purpose == "trial" and not args.trial:
        terminal.say(f"{moment(job.as_of)} UTC lies ahead: this is a trial, which does not count for what sales sees.")
    if args.no_store and args.out is None:
        terminal.say("Nothing will be kept: there is --no-store and no --out.", style="yellow")
    for key, why in project.left_out.items():
        terminal.say(f"{clean(key)} is left out: {clean(why)}", style="yellow")
    for key, why in project.degraded.items():
        terminal.say(f"{clean(key)} is active, but skipped: {clean(why)}", style="red")
    if args.no_store and any(model.failing.on_failure == "last_good" for model in job.catalog.running):
        terminal.say("Without a store no last good score stands in for a failed one.", style="yellow")
    scoring = Scoring(
        project=project,
        job=job,
        store_url=args.store,
        stored=not args.no_store,
        out=args.out,
        wide=args.wide,
        rejects=args.rejects,
        log=args.log,
    )
    done = score_job(scoring, terminal)
    show_summary(done, replace(terminal, out=terminal.err) if args.out == "-" else terminal)
    return exit_code(done)


def _check_options(args: Namespace) -> None:
    """Refuse options that would do nothing, or harm: whoever wrote them meant something.

    Raises:
        InputError: one of them lacks the other that it needs, or writes over what is read.
    """
    if (args.database is None) != (args.query is None and args.collection is None):
        raise InputError("--from and --query belong together.", hint="Name the database and what it is asked.")
    if (args.query is not None and args.collection is not None) or (args.filter and args.collection is None):
        raise InputError(
            "--filter belongs to --collection, and --query stands in place of both.",
            hint="Name a collection of MongoDB by --collection, or ask in SQL by --query.",
        )
    if args.database is not None and args.id_row:
        raise InputError("The rows of a query have no lasting numbers.", hint="Name its column of ids: --id COLUMN.")
    if args.wide and args.out is None:
        raise InputError("--wide says how --out is written, but there is no --out.", hint="Add --out FILE.")
    check_places(args.files, out=args.out, rejects=args.rejects)
    if args.no_store and (args.resume or args.store is not None):
        raise InputError(
            f"--no-store keeps nothing, but {'--resume' if args.resume else '--store'} needs a store.",
            hint="Leave one of the two out.",
        )


def job_of(args: Namespace, project: Project, now: datetime) -> Job:
    """Put together what the arguments and the project ask for.

    Raises:
        InputError: an input cannot be opened, or no id column is known.
        UnknownNameError: a model is not there.
    """
    from mlsm.service import Job

    as_of = now if args.as_of is None else args.as_of
    catalog = project.catalog if args.models is None else project.catalog.only(args.models)
    if args.database is not None:
        inputs: tuple[Reader, ...] = (open_query(args.database, args.query or _of_collection(args)),)
    else:
        inputs = tuple(open_input(file, project) for file in args.files)
    id_column = None if args.id_row else args.id or project.id_column
    if id_column is None and not args.id_row:
        raise InputError(
            f"No id column is known for {inputs[0].source!r}; it has {', '.join(map(repr, inputs[0].facts().names))}.",
            hint="Name it with --id COLUMN or under [record] id in mlsm.toml, or number the rows with --id-row.",
        )
    return Job(
        catalog=catalog,
        inputs=inputs,
        id_column=id_column,
        as_of=as_of,
        as_of_named=args.as_of is not None,
        keep=project.keep,
        reading=project.reading,
        shape=project.shape,
        purpose="trial" if args.trial or as_of > now else "live",
        part_rows=project.part_rows,
        reasons=args.reasons,
        min_records=project.min_records,
        force=args.force,
        resume=args.resume,
        keep_inputs=project.keep_inputs,
        keep_results=project.keep_results,
        max_failed=project.max_failed,
        workers=project.workers if args.workers is None else args.workers,
        provenance={"command": " ".join(["mlsm", *map(shown_url, args.given)]), **_lock_of(project)},
    )


def _of_collection(args: Namespace) -> str:
    """Write the query for documents of a collection.

    Raises:
        InputError: the filter is no JSON object.
    """
    import msgspec

    try:
        asked = {} if args.filter is None else msgspec.json.decode(args.filter, type=dict[str, object])
    except msgspec.MsgspecError as error:
        raise InputError(
            f"--filter {args.filter!r} is no JSON object: {error}.", hint='Write it as \'{"country": "DE"}\'.'
        ) from error
    return msgspec.json.encode({"collection": args.collection, "filter": asked}).decode()


def _lock_of(project: Project) -> dict[str, str]:
    """Tell where the models of sources come from, and what could not be loaded, for the run to keep."""
    import msgspec

    told = {"lock": project.pinned, "degraded": dict(project.degraded)}
    return {name: msgspec.json.encode(said).decode() for name, said in told.items() if said}
