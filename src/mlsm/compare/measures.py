"""How far two versions agree: counts, labels, who enters and leaves, rank, the largest moves."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from mlsm._result import Outcome
from mlsm.compare.pairs import Pairs

if TYPE_CHECKING:
    import polars as pl

__all__ = ["OF_BOTH", "OF_ONE", "Comparison", "Cut", "Move", "compare"]

OF_ONE = ("ok_rate", "abstained_rate", "invalid_rate", "error_rate", "failed_rate", "mean_score")
"""Measures that each version has by itself."""
OF_BOTH = ("swap", "rank_correlation", "label_changed", "mean_move", "largest_move", "pairs")
"""Measures of the two together."""

_FAILED = tuple(str(outcome) for outcome in Outcome if outcome.failed)
_MOVES = 10


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """Which leads count as chosen: those at or above a score, or the top share of each version.

    Where two leads have one score at the edge of a share, the lower id is chosen, so that
    the same leads are chosen each time.
    """

    score: float | None = None
    share: float = 0.1

    @property
    def told(self) -> str:
        """Say which leads these are."""
        return f"the top {self.share:.4g} share" if self.score is None else f"a score of {self.score:g} or more"


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A lead, and the scores that the two versions give it."""

    record_id: str
    first: float
    second: float

    @property
    def by(self) -> float:
        """Give how far the score moved."""
        return self.second - self.first


Counts: TypeAlias = Mapping[str, Mapping[str, int]]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All that is measured of two versions over the leads that both have results for.

    Args:
        first: the one version.
        second: the other.
        pairs: leads that both have a result for.
        only_first: leads that only the first has one for.
        only_second: likewise.
        outcomes: by version and outcome, over the pairs.
        labels: by the first's label and the second's, over leads that both scored; "" where there is none.
        cut: which leads count as chosen.
        chosen: how many each version chooses, of the leads that both scored.
        entered: how many of the second's choice the first did not choose.
        left: how many of the first's choice the second does not choose.
        measures: the numbers that gates may name: of each version by its key, and of both under "both";
            None where it cannot be told.
        moves: the ten leads whose score moved most.
    """

    first: str
    second: str
    pairs: int
    only_first: int
    only_second: int
    outcomes: dict[str, dict[str, int]]
    labels: dict[str, dict[str, int]]
    cut: Cut
    chosen: dict[str, int]
    entered: int
    left: int
    measures: dict[str, dict[str, float | None]]
    moves: list[Move]


def compare(pairs: Pairs, cut: Cut | None = None) -> Comparison:
    """Measure two versions.

    Args:
        pairs: their results side by side.
        cut: which leads count as chosen, the top tenth of each version unless given.

    Example:
        >>> import polars as pl
        >>> frame = pl.DataFrame({"record_id": ["1", "2", "3"], "outcome": ["ok"] * 3,
        ...     "score": [10.0, 20.0, 30.0], "label": ["C", "B", "A"], "outcome_2": ["ok", "ok", "error"],
        ...     "score_2": [50.0, 20.0, None], "label_2": ["A", "B", None]})
        >>> found = compare(Pairs(first="fit@1", second="fit@2", frame=frame, only_first=0, only_second=0),
        ...                 Cut(score=20))
        >>> found.entered, found.left, found.labels["C"]
        (1, 0, {'A': 1})
        >>> found.measures["fit@2"]["error_rate"], found.measures["both"]["swap"]
        (0.3333333333333333, 0.5)
    """
    cut = cut or Cut()
    scored = _chosen(pairs.scored, cut)
    here, there = scored.get_column("chosen"), scored.get_column("chosen_2")
    entered, left = int((there & ~here).sum()), int((here & ~there).sum())
    outcomes = {
        pairs.first: _counted(pairs.frame, "outcome"),
        pairs.second: _counted(pairs.frame, "outcome_2"),
    }
    return Comparison(
        first=pairs.first,
        second=pairs.second,
        pairs=len(pairs),
        only_first=pairs.only_first,
        only_second=pairs.only_second,
        outcomes=outcomes,
        labels=_labels(scored),
        cut=cut,
        chosen={pairs.first: int(here.sum()), pairs.second: int(there.sum())},
        entered=entered,
        left=left,
        measures={
            pairs.first: _of_one(pairs.frame, ""),
            pairs.second: _of_one(pairs.frame, "_2"),
            "both": _of_both(scored, len(pairs), entered + left if here.any() or there.any() else None),
        },
        moves=_moves(scored),
    )


def _chosen(scored: pl.DataFrame, cut: Cut) -> pl.DataFrame:
    """Mark the leads that each version chooses."""
    import polars as pl

    if cut.score is not None:
        marks = [(pl.col(f"score{side}") >= cut.score).alias(f"chosen{side}") for side in ("", "_2")]
        return scored.with_columns(marks)
    most = max(1, round(scored.height * cut.share))  # of a few leads as well, or a change of the best goes unseen
    ordered = scored.sort("record_id")
    marks = [
        (pl.col(f"score{side}").rank("ordinal", descending=True) <= most).alias(f"chosen{side}") for side in ("", "_2")
    ]
    return ordered.with_columns(marks)


def _counted(frame: pl.DataFrame, column: str) -> dict[str, int]:
    found = dict(frame.get_column(column).value_counts().iter_rows())
    return {str(outcome): found[str(outcome)] for outcome in Outcome if str(outcome) in found}


def _labels(scored: pl.DataFrame) -> dict[str, dict[str, int]]:
    import polars as pl

    table = scored.select(pl.col("label", "label_2").fill_null("")).group_by("label", "label_2").len()
    labels: dict[str, dict[str, int]] = {}
    for one, other, count in table.sort("label", "label_2").iter_rows():
        labels.setdefault(one, {})[other] = count
    return {} if list(labels) == [""] and list(labels[""]) == [""] else labels


def _of_one(frame: pl.DataFrame, side: str) -> dict[str, float | None]:
    outcome = frame.get_column(f"outcome{side}")
    rows = frame.height

    def share(*outcomes: str) -> float | None:
        return int(outcome.is_in(outcomes).sum()) / rows if rows else None

    return {
        "ok_rate": share("ok"),
        "abstained_rate": share("abstained"),
        "invalid_rate": share("invalid"),
        "error_rate": share("error"),
        "failed_rate": share(*_FAILED),
        "mean_score": _number(frame.get_column(f"score{side}").mean()),
    }


def _of_both(scored: pl.DataFrame, pairs: int, swapped: int | None) -> dict[str, float | None]:
    """Measure the two together; `swap` is the share of the leads that enter or leave, None where nobody is chosen."""
    import polars as pl

    rows = scored.height
    moved = scored.select((pl.col("score_2") - pl.col("score")).abs()).to_series()
    unlike = scored.select(pl.col("label").ne_missing(pl.col("label_2"))).to_series()
    rank = scored.select(pl.corr("score", "score_2", method="spearman")).item() if rows > 1 else None
    return {
        "swap": swapped / rows if rows and swapped is not None else None,
        "rank_correlation": None if rank is None or isnan(rank) else float(rank),  # NaN: all alike
        "label_changed": int(unlike.sum()) / rows if rows else None,
        "mean_move": _number(moved.mean()),
        "largest_move": _number(moved.max()),
        "pairs": float(pairs),
    }


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _moves(scored: pl.DataFrame) -> list[Move]:
    import polars as pl

    by = (pl.col("score_2") - pl.col("score")).abs()
    rows = scored.with_columns(by.alias("by")).filter(pl.col("by") > 0)
    rows = rows.sort(["by", "record_id"], descending=[True, False]).head(_MOVES)
    return [
        Move(record_id=i, first=a, second=b) for i, a, b in rows.select("record_id", "score", "score_2").iter_rows()
    ]
