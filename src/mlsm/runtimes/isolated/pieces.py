"""What came back of a part, piece by piece, and what was lost of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mlsm._result import Outcome
from mlsm.contracts import Settled
from mlsm.runtimes.isolated.supervisor import Lost

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Pieces"]

_encode = msgspec.json.Encoder(order="sorted").encode
_NAMES = ("outcome", "score", "label", "output", "reasons", "error")


class Pieces:
    """Answers by where they begin.

    Args:
        size: the rows that there will be.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.answered = 0
        self.traces: list[tuple[str, str, str]] = []
        self._pieces: dict[int, pl.DataFrame] = {}

    def add_scores(self, start: int, count: int, scores: bytes) -> None:
        """Add plain scores, as they lie in memory."""
        import numpy as np
        import polars as pl

        outcome = pl.repeat(Outcome.OK.code, count, dtype=pl.UInt8, eager=True).alias("outcome")
        self.add_frame(start, pl.DataFrame([outcome, pl.Series("score", np.frombuffer(scores, dtype=np.float64))]))

    def add_answers(self, start: int, columns: list[list[Any] | None], spared: list[int]) -> None:
        """Add answers, a list a facet, None where it is null throughout; and the places of those without a call."""
        import polars as pl

        types = [pl.UInt8, pl.Float64, *[pl.String] * 4]
        count = len(columns[0] or ())
        made = [
            pl.Series(name, [None] * count if values is None else values, dtype)
            for name, values, dtype in zip(_NAMES, columns, types, strict=True)
            if values is not None or name == "score"
        ]
        if spared:
            among = set(spared)
            made.append(pl.Series("spared", [place in among for place in range(count)]))
        self.add_frame(start, pl.DataFrame(made))

    def add_frame(self, start: int, frame: pl.DataFrame) -> None:
        """Add a frame of facets."""
        self._pieces[start] = frame
        self.answered += frame.height

    def lose(self, start: int, stop: int, lost: Lost) -> None:
        """Say of rows that they were lost."""
        import polars as pl

        error = _encode(lost.failure).decode()
        count = stop - start
        self._pieces[start] = pl.DataFrame(
            [
                pl.repeat(lost.outcome.code, count, dtype=pl.UInt8, eager=True).alias("outcome"),
                pl.repeat(None, count, dtype=pl.Float64, eager=True).alias("score"),
                pl.repeat(error, count, dtype=pl.String, eager=True).alias("error"),
            ]
        )

    def failed_before(self, start: int, most: int) -> list[int]:
        """Tell which of the last calls before a row failed, counted back from it: the last one is -1."""
        import polars as pl

        frames = [self._pieces[at] for at in sorted(self._pieces) if at < start]
        if not frames:
            return []
        before = pl.concat(frames, how="diagonal").filter(pl.col("outcome") != Outcome.SKIPPED.code)
        if "spared" in before.columns:
            before = before.filter(~pl.col("spared").fill_null(value=False))
        last = before.tail(most)
        return [row - last.height for row in (last.get_column("outcome") >= Outcome.ERROR.code).arg_true()]

    def reached(self, start: int) -> int:
        """Give the first row from `start` on that there is nothing of yet."""
        while start in self._pieces:
            start += self._pieces[start].height
        return start

    def settled(self) -> Settled:
        """Put the pieces together."""
        import polars as pl

        if not self._pieces:
            frame = pl.DataFrame(schema={"outcome": pl.UInt8, "score": pl.Float64})
        else:
            ordered = [self._pieces[start] for start in sorted(self._pieces)]
            frame = ordered[0] if len(ordered) == 1 else pl.concat(ordered, how="diagonal")
        names = [name for name in (*_NAMES, "spared") if name in frame.columns]
        return Settled(frame=frame.select(names), traces=tuple(self.traces))
