"""Compare two versions of a model by the results that are stored for both.

Shown are the counts by outcome, the labels of one against the other, who enters and who
leaves among the chosen leads (the top tenth of each version, or --top, or --threshold),
the correlation of their ranks, and the ten leads whose score moved most. Without --run the
current result of each lead and version is taken.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from mlsm._spelling import meant
from mlsm.cli.opening import add_json, add_store, opened_store, place_of_project
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean
from mlsm.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from mlsm.compare import Comparison
    from mlsm.contracts import Store

__all__ = ["EXAMPLES", "add_arguments", "compared", "run", "score_of", "share_of"]

EXAMPLES = """\
example:
  mlsm compare fit@1.2.0 fit@2.0.0
  mlsm compare fit@1.2.0 fit@2.0.0 --run 01a3c0de --threshold 60"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("first", metavar="NAME@A", help="a version, as a rule the active one")
    parser.add_argument("second", metavar="NAME@B", help="the version it is compared with")
    parser.add_argument("--run", metavar="ID", help="the results of one run instead of the current ones")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--threshold", type=score_of, metavar="SCORE", help="leads at or above it count as chosen")
    which.add_argument("--top", type=share_of, metavar="SHARE", help="the best share of each version, such as 5%%")
    add_store(parser)
    add_json(parser)


def score_of(text: str) -> float:
    """Read a score.

    Example:
        >>> score_of("60")
        60.0
    """
    try:
        score = float(text)
    except ValueError:
        score = nan
    if not isfinite(score):
        raise ArgumentTypeError(f"{text!r} is no score; expected a number such as 60")
    return score


def share_of(text: str) -> float:
    """Read a share: a percentage or a number from 0 to 1.

    Example:
        >>> share_of("5%"), share_of("0.2")
        (0.05, 0.2)
    """
    try:
        share = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise ArgumentTypeError(f"{text!r} is no share; expected one such as 5% or 0.05")
    return share


def run(args: Namespace, terminal: Terminal) -> int:
    """Compare two versions."""
    project = place_of_project(args)
    with opened_store(args.store, project) as store:
        found = compared(store, args.first, args.second, run_id=args.run, threshold=args.threshold, top=args.top)
    if terminal.json:
        terminal.document(found)
    else:
        _show(found, terminal)
    return 0


def compared(
    store: Store,
    first: str,
    second: str,
    *,
    run_id: str | None = None,
    threshold: float | None = None,
    top: float | None = None,
) -> Comparison:
    """Read the results of two versions and measure them.

    Raises:
        InputError: a version has no `@`, or there is no lead that both have a result for.
        UnknownNameError: a version was never scored.
    """
    from mlsm.compare import Cut, compare, pair
    from mlsm.contracts import Selection

    for key in (first, second):
        if "@" not in key:
            raise InputError(f"{key!r} names no version; expected NAME@VERSION.", hint="`mlsm list` shows them.")
    if first == second:
        raise InputError(f"{first!r} stands on both sides; expected two versions.", hint="`mlsm list` shows them.")
    _check_known(store, (first, second), run_id)
    wanted = Selection(models=(first, second))
    frames = store.currents(wanted) if run_id is None else store.results(run_id, wanted)
    pairs = pair(frames, first, second)
    if not len(pairs):
        raise InputError(
            f"No lead has a result of {first!r} and one of {second!r}.",
            hint="Score with both in the project: `mlsm score FILE`. Drafts are scored beside the active version.",
        )
    return compare(pairs, Cut(score=threshold) if top is None else Cut(score=threshold, share=top))


def _check_known(store: Store, keys: tuple[str, str], run_id: str | None) -> None:
    entries = store.runs() if run_id is None else [store.run(run_id)]
    known = {model.key: None for entry in entries for model in entry.plan.models}
    for key in keys:
        if key not in known:
            where = "yet" if run_id is None else f"in run {run_id!r}"
            raise UnknownNameError(f"No model {key!r} was scored {where}.", hint=meant(key, known))


def _show(found: Comparison, terminal: Terminal) -> None:
    terminal.write(f"{clean(found.first)} against {clean(found.second)}: {amount(found.pairs, 'lead')}", style="bold")
    for key, count in ((found.first, found.only_first), (found.second, found.only_second)):
        if count:
            terminal.write(f"  {amount(count, 'lead')} more only of {clean(key)}", style="dim")
    terminal.title("Results by outcome")
    outcomes = list(dict.fromkeys([*found.outcomes[found.first], *found.outcomes[found.second]]))
    shown = (Column(key="model"), *(Column(key=outcome, right=True) for outcome in outcomes))
    rows = [
        {"model": key, **{outcome: counts.get(outcome, 0) for outcome in outcomes}}
        for key, counts in found.outcomes.items()
    ]
    terminal.table(Table(columns=shown, rows=rows))
    if found.labels:
        _show_labels(found, terminal)
    terminal.title(f"Chosen by {found.cut.told}")
    rows = [{"model": key, "chosen": count} for key, count in found.chosen.items()]
    terminal.table(Table(columns=(Column(key="model"), Column(key="chosen", right=True)), rows=rows))
    terminal.write(f"  {amount(found.entered, 'lead enters', 'leads enter')}, {found.left:,} leave")
    terminal.title("Measures")
    _show_measures(found, terminal)
    if found.moves:
        terminal.title("Largest moves")
        columns = (
            Column(key="lead"),
            Column(key="first", title=found.first, right=True),
            Column(key="second", title=found.second, right=True),
            Column(key="by", right=True),
        )
        moves = [{"lead": m.record_id, "first": m.first, "second": m.second, "by": m.by} for m in found.moves]
        terminal.table(Table(columns=columns, rows=moves))


def _show_labels(found: Comparison, terminal: Terminal) -> None:
    terminal.title(f"Labels: {found.first} down, {found.second} across")
    across = sorted({label for counts in found.labels.values() for label in counts})
    columns = [
        Column(key="label", title=""),
        *(Column(key=f"={label}", title=label or "none", right=True) for label in across),
    ]
    rows: list[dict[str, Any]] = [
        {"label": label or "none", **{f"={other}": counts.get(other, 0) for other in across}}
        for label, counts in found.labels.items()
    ]
    terminal.table(Table(columns=tuple(columns), rows=rows))


def _show_measures(found: Comparison, terminal: Terminal) -> None:
    first, second, both = (found.measures[key] for key in (found.first, found.second, "both"))
    rows = [{"measure": name, "first": _shown(first[name]), "second": _shown(second[name])} for name in first]
    rows += [{"measure": name, "both": _shown(value)} for name, value in both.items()]
    columns = (
        Column(key="measure"),
        Column(key="first", title=found.first, right=True),
        Column(key="second", title=found.second, right=True),
        Column(key="both", right=True),
    )
    terminal.table(Table(columns=columns, rows=rows))


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
