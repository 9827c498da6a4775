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

from mlsm.cli.opening import add_json, add_store, names, opened_store, place_of_project
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean

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
    from mlsm.cli.exporting import narrow, widen

    project = place_of_project(args)
    left_out: Counter[str] = Counter()
    with opened_store(args.store, project) as store:
        keep = project.keep if args.run is None else store.run(args.run).plan.keep
        frames = _frames(args, store)
        if not args.with_failed:
            frames = _usable(frames, left_out)
        if terminal.json and args.file == "-" and not args.wide:
            written = _write_results(frames, terminal)
        elif args.wide:
            written = _write([widen(frames, keep, with_outcome=args.with_failed)], args.file, terminal)
        else:
            written = _write((narrow(frame, keep) for frame in frames), args.file, terminal)
    thing = "lead" if args.wide else "score"
    terminal.say(f"{amount(written, thing)} written" + ("." if args.file == "-" else f" to {clean(args.file)}."))
    if left_out:
        why = ", ".join(f"{count:,} {outcome}" for outcome, count in left_out.most_common())
        terminal.say(f"{amount(left_out.total(), 'score')} left out as unusable: {why}. --with-failed includes them.")
    return 0


def _frames(args: Namespace, store: Store) -> Iterator[pl.DataFrame]:
    """Choose the results asked for: of a run, of now, or what changed."""
    from mlsm.cli.exporting import changed
    from mlsm.contracts import Selection

    if args.run is not None:
        yield from store.results(args.run, Selection(models=args.models, labels=args.label))
        return
    wanted: tuple[str, ...] = args.models or ()
    versions = tuple(name for name in wanted if "@" in name)
    plain_names = tuple(name for name in wanted if "@" not in name)
    if plain_names or not wanted:
        frames = store.scores(Selection(models=plain_names or None, labels=args.label))
        if args.changed_since is not None:
            frames = changed(frames, store.results(args.changed_since, Selection()))
        yield from frames
    if versions:
        yield from store.currents(Selection(models=versions, labels=args.label))


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


def _write(frames: Iterable[pl.DataFrame], file: str, terminal: Terminal) -> int:
    """Write frames to a file, which appears whole or not at all, or to standard output."""
    if file == "-":
        return _print(frames, terminal)
    from mlsm.writers import open_writer

    writer = open_writer(file)
    written = 0
    try:
        for place, frame in enumerate(frames):
            writer.write(place, frame)
            written += frame.height
        writer.close()
    except BaseException:
        writer.abort()
        raise
    return written


def _print(frames: Iterable[pl.DataFrame], terminal: Terminal) -> int:
    written = 0
    for place, frame in enumerate(frames):
        terminal.out.write(frame.write_ndjson() if terminal.json else frame.write_csv(include_header=place == 0))
        written += frame.height
    return written
