"""What two versions said of the same leads, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Pairs", "pair"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """The leads that two versions have results for, one row a lead.

    Args:
        first: `name@version` of the one.
        second: `name@version` of the other.
        frame: `record_id`, then `outcome`, `score` and `label` of the first, then the same
            of the second with `_2` behind; by record id.
        only_first: leads that only the first has a result for.
        only_second: likewise.
    """

    first: str
    second: str
    frame: pl.DataFrame
    only_first: int
    only_second: int

    def __len__(self) -> int:
        return self.frame.height

    @property
    def scored(self) -> pl.DataFrame:
        """Give the leads that both gave a score."""
        import polars as pl

        return self.frame.filter(pl.col("score").is_not_null() & pl.col("score_2").is_not_null())


def pair(frames: Iterable[pl.DataFrame], first: str, second: str) -> Pairs:
    """Put the results of two versions side by side.

    Args:
        frames: results in the store's long form; those of other models are passed over.
        first: `name@version` of the one.
        second: `name@version` of the other.

    Example:
        >>> import polars as pl
        >>> rows = {"record_id": ["7", "7", "8"], "model": ["fit"] * 3, "version": ["1", "2", "1"],
        ...         "outcome": ["ok"] * 3, "score": [60.0, 40.0, 5.0], "label": ["A", "B", "C"]}
        >>> pairs = pair([pl.DataFrame(rows)], "fit@1", "fit@2")
        >>> pairs.frame.select("record_id", "score", "score_2").rows(), pairs.only_first
        ([('7', 60.0, 40.0)], 1)
    """
    import polars as pl

    columns = {"record_id": pl.String, "outcome": pl.String, "score": pl.Float64, "label": pl.String}
    sides: dict[str, list[pl.DataFrame]] = {first: [], second: []}
    for frame in frames:
        for key, kept in sides.items():
            name, _, version = key.partition("@")
            kept.append(frame.filter(model=name, version=version).select(*columns))
    one, other = (pl.concat(kept) if kept else pl.DataFrame(schema=columns) for kept in sides.values())
    both = one.join(other, on="record_id", how="inner", suffix="_2").sort("record_id")
    return Pairs(
        first=first,
        second=second,
        frame=both,
        only_first=one.height - both.height,
        only_second=other.height - both.height,
    )
