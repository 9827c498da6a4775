"""One part scored: the entry that executors call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from mlsm._batch import Batch
from mlsm.engine.batch import score_part
from mlsm.service.inputs import Cut
from mlsm.service.request import Job

__all__ = ["Scoring", "score_cut", "with_kept_inputs"]


class Scoring(msgspec.Struct, frozen=True):
    """What is the same for all parts of a run; `verdicts` grow on the first of them."""

    prepared: Any
    job: Any
    run_id: str | None
    as_of: datetime
    verdicts: dict[str, Any]
    last_good: Any = None


def score_cut(scoring: Scoring, cut: Cut) -> Batch:
    """Score one part."""
    job: Job = scoring.job
    batch = score_part(
        scoring.prepared,
        cut.ids,
        cut.columns,
        number=cut.number,
        as_of=scoring.as_of,
        scored_at=datetime.now(UTC),
        run_id=scoring.run_id,
        kept=cut.kept,
        verdicts=scoring.verdicts,
        lanes=cut.lanes,
        answered=cut.answered,
        checked=cut.checked,
        reasons=job.reasons,
        last_good=scoring.last_good,
    )
    return with_kept_inputs(batch, scoring, cut)


def with_kept_inputs(batch: Batch, scoring: Scoring, cut: Cut) -> Batch:
    """Give the batch with the columns that models read, where the job keeps them."""
    job: Job = scoring.job
    if job.keep_inputs == "none":
        return batch
    from mlsm.service.kept_inputs import with_inputs

    return with_inputs(batch, cut, scoring.prepared.sources, hashed=job.keep_inputs == "hash")
