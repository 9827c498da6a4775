"""Who is worth a call: the bands of the deciding score, and the best leads with reasons."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlsm._catalog import Catalog
from mlsm._model import Model
from mlsm._result import Result
from mlsm.cli.reasons import top_reasons
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import bar, clean

if TYPE_CHECKING:
    from mlsm.contracts import Store

__all__ = ["Best", "find_best", "show_bands", "show_best"]

_BEST = 10
_BAR = 40
_NONE = "no score"


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """What the deciding model says of all leads.

    Args:
        model: the active model that stands on the others.
        bands: leads by label, the best label first.
        results: the best leads' results, the best first.
        kept: the kept columns of these leads.
    """

    model: Model
    bands: Mapping[str, int]
    results: Sequence[Result]
    kept: Mapping[str, Mapping[str, Any]]

    @property
    def top(self) -> str:
        """Give the best label."""
        return next(iter(self.bands), "")


def find_best(store: Store, catalog: Catalog) -> Best:
    """Look through the scores of the last active model that the others lead to."""
    model = [model for model in catalog.order if model.status == "active"][-1]
    labels: Counter[str] = Counter()
    best: list[Result] = []
    for frame in _scores(store, model.name):
        labels.update(dict(_labels(frame)))
        best = heapq.nsmallest(_BEST, [*best, *_leaders(frame)], key=_rank)
    known = [*(model.labels or ()), *sorted(label for label in labels if label not in (*(model.labels or ()), _NONE))]
    bands = {label: labels[label] for label in [*known, *([_NONE] if labels[_NONE] else [])]}
    return Best(
        model=model, bands=bands, results=best, kept={result.record_id: store.kept(result.record_id) for result in best}
    )


def _scores(store: Store, name: str) -> Iterator[Any]:
    from mlsm.contracts import Selection

    return store.scores(Selection(models=(name,)))


def _labels(frame: Any) -> Iterator[tuple[str, int]]:
    """Count the labels of a frame of results; what is not usable has none."""
    for label, outcome, count in frame.group_by("label", "outcome").len().iter_rows():
        yield (label or "no label" if outcome == "ok" else _NONE), count


def _leaders(frame: Any) -> list[Result]:
    from mlsm.cli.exporting import results_of

    usable = frame.drop_nulls("score")
    return list(results_of(usable.sort("score", "record_id", descending=[True, False]).head(_BEST)))


def _rank(result: Result) -> tuple[float, str]:
    return -(result.score or 0.0), result.record_id


def show_bands(best: Best, terminal: Terminal) -> None:
    """Show how many leads are in each band, as bars."""
    terminal.title(f"Whom to call: {best.model.key}, by band")
    total = max(1, sum(best.bands.values()))
    most = max(best.bands.values(), default=1)
    blocks = " ▏▎▍▌▋▊▉█" if terminal.draws else " #"
    rows = [
        {
            "band": label,
            "bar": bar(count / most, _BAR, blocks=blocks),
            "count": count,
            "share": f"{count / total:.1%}",
        }
        for label, count in best.bands.items()
    ]
    columns = (
        Column(key="band"),
        Column(key="bar", title="", style_of=lambda _: "cyan"),
        Column(key="count", title="leads", right=True),
        Column(key="share", right=True),
    )
    terminal.table(Table(columns=columns, rows=rows))


def show_best(best: Best, terminal: Terminal) -> None:
    """Show the best leads with what sales needs: label, owner, reasons."""
    names = list(dict.fromkeys(name for kept in best.kept.values() for name in kept))
    shown = [name for name in names if name != "email"]  # addresses do not belong on a screen that others see
    rows = [
        {
            "lead": result.record_id,
            "score": result.score,
            "label": result.label,
            **{f"kept {name}": best.kept[result.record_id].get(name) for name in shown},
            "why": top_reasons(result.reasons, limit=2),
        }
        for result in best.results
    ]
    columns = (
        Column(key="lead", style_of=lambda _: "bold"),
        Column(key="score", right=True),
        Column(key="label"),
        *(Column(key=f"kept {name}", title=clean(name)) for name in shown),
        Column(key="why"),
    )
    terminal.title(f"The {len(rows)} best leads")
    terminal.table(Table(columns=columns, rows=rows))
