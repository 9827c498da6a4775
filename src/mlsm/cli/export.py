"""Write scores to a file: by default the score of every lead that has a usable one.

The file's ending chooses the format: .csv, .parquet, .ndjson, or - for standard output
(CSV; NDJSON with --json). Scores that cannot be used are left out and counted, so that
nothing empty ever stands over yesterday's. The project's kept columns travel along.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mlsm.cli.opening import add_json, add_store, names, opened_store, place_of_project, shown_url
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean
from mlsm.errors import UnknownNameError

if TYPE_CHECKING:
    import polars as pl

    from mlsm.contracts import Store

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
example:
  mlsm export scores.csv
  mlsm export --wide --label A,B scores.parquet
  mlsm export --changed-since 01a3c0de changed.ndjson"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("file", metavar="FILE", help="where to: .csv, .parquet, .ndjson, or - for standard output")
    parser.add_argument("--wide", action="store_true", help="one row a lead with a column a model, not a row a score")
    parser.add_argument(
        "--models", type=names, metavar="A,B", help="only these: name for its score, name@version for that version"
    )
    parser.add_argument("--label", type=names, metavar="A,B", help="only scores with one of these labels")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--run", metavar="ID", help="what one run said, drafts too, instead of the scores of now")
    which.add_argument("--changed-since", metavar="RUN", help="only scores that differ from what this run said")
    parser.add_argument("--with-failed", action="store_true", help="also leads without a usable score, left empty")
    add_store(parser)
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Export scores."""
    from mlsm.cli.exporting import narrow, no_results, widen
    from mlsm.cli.labels import labelled

    project = place_of_project(args)
    left_out: Counter[str] = Counter()
    stood_in: Counter[str] = Counter()
    with opened_store(args.store, project) as store:
        _check_known(args, store)
        keep = project.keep if args.run is None else store.run(args.run).plan.keep
        frames = _frames(args, store)
        if args.label is not None:
            asked = {"models": args.models, "run": args.run}
            frames = labelled(frames, args.label, store, project.folder, **asked)
        if not args.with_failed:
            frames = _usable(frames, left_out)
        frames = _counted(frames, stood_in)
        if terminal.json and args.file == "-" and not args.wide:
            written = _write_results(frames, terminal)
        elif args.wide:
            rows = widen(frames, keep, _expected(args, store), with_outcome=args.with_failed)
            written = _write([rows], rows, args.file, terminal)
        else:
            written = _write((narrow(frame, keep) for frame in frames), narrow(no_results(), keep), args.file, terminal)
    thing = "lead" if args.wide else "score"
    terminal.say(f"{amount(written, thing)} written" + ("." if args.file == "-" else f" to {clean(args.file)}."))
    if stood_in:
        stand = "stands" if stood_in.total() == 1 else "stand"
        terminal.say(f"{amount(stood_in.total(), 'score')} {stand} in for a failed one; see the column substitute.")
    if left_out:
        why = ", ".join(f"{count:,} {outcome}" for outcome, count in left_out.most_common())
        terminal.say(f"{amount(left_out.total(), 'score')} left out as unusable: {why}. --with-failed includes them.")
    return 0


def _check_known(args: Namespace, store: Store) -> None:
    """Refuse to write an empty file where a name is misspelt or nothing was ever scored."""
    plans = [entry.plan for entry in store.runs()]
    if not plans:
        raise UnknownNameError(f"There is no run in {shown_url(store.url)!r} yet.", hint="Begin with: mlsm score FILE")
    known = {name: None for plan in plans for model in plan.models for name in (model.name, model.key)}
    for name in args.models or ():
        if name not in known:
            raise UnknownNameError(f"No model {name!r} was ever scored; there is {', '.join(known)}.")


def _expected(args: Namespace, store: Store) -> list[str]:
    """Name the columns of a wide export, so that they are the same every night.

    They are the models of the run asked for, else the active ones of the latest live run.
    """
    if args.run is not None:
        models = store.run(args.run).plan.models
    else:
        live = (entry.plan.models for entry in store.runs() if entry.plan.purpose == "live")
        models = tuple(model for model in next(live, ()) if model.status == "active")
    shown = [model.name if model.status == "active" else model.key for model in models]
    if args.models is None:
        return shown
    return [name for name in shown if name in args.models or name.partition("@")[0] in args.models]


def _frames(args: Namespace, store: Store) -> Iterator[pl.DataFrame]:
    """Choose the results asked for: of a run, of now, or what changed."""
    from mlsm.cli.exporting import changed
    from mlsm.contracts import Selection

    if args.run is not None:
        yield from store.results(args.run, Selection(models=args.models))
        return
    wanted: tuple[str, ...] = args.models or ()
    versions = tuple(name for name in wanted if "@" in name)
    plain_names = tuple(name for name in wanted if "@" not in name)
    if plain_names or not wanted:
        frames = store.scores(Selection(models=plain_names or None))
        if args.changed_since is not None:
            frames = changed(frames, store.results(args.changed_since, Selection()))
        yield from frames
    if versions:
        yield from store.currents(Selection(models=versions))


def _counted(frames: Iterable[pl.DataFrame], stood_in: Counter[str]) -> Iterator[pl.DataFrame]:
    """Yield the frames and count the scores that stand in for failed ones."""
    from mlsm.cli.exporting import stand_ins

    for frame in frames:
        if count := stand_ins(frame):
            stood_in["scores"] += count
        yield frame


def _usable(frames: Iterable[pl.DataFrame], left_out: Counter[str]) -> Iterator[pl.DataFrame]:
    """Yield what can be used and count the rest by outcome."""
    from mlsm.cli.exporting import usable

    for frame in frames:
        for outcome, count in frame.filter(~usable()).get_column("outcome").value_counts().iter_rows():
            left_out[outcome] += count
        yield frame.filter(usable())


def _write_results(frames: Iterable[pl.DataFrame], terminal: Terminal) -> int:
    from mlsm.cli.exporting import results_of

    written = 0
    for frame in frames:
        terminal.lines(list(results_of(frame)))
        written += frame.height
    return written


def _write(frames: Iterable[pl.DataFrame], nothing: pl.DataFrame, file: str, terminal: Terminal) -> int:
    """Write frames to a file, which appears whole or not at all, or to standard output.

    Where there is no frame, `nothing` is written for its columns.
    """
    from mlsm.writers import open_writer

    if terminal.json and file == "-":
        return _print(frames, terminal)
    writer = open_writer(file, stdout=terminal.out.buffer)
    parts = written = 0
    try:
        for frame in frames:
            writer.write(parts, frame)
            parts += 1
            written += frame.height
        if not parts:
            writer.write(0, nothing)
        writer.close()
    except BaseException:
        writer.abort()
        raise
    return written


def _print(frames: Iterable[pl.DataFrame], terminal: Terminal) -> int:
    written = 0
    for frame in frames:
        terminal.out.write(frame.write_ndjson())
        written += frame.height
    return written
