"""What happens when a model fails: what stands in, when it is no longer called, when it is too much."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from mlsm.errors import DeclarationError

__all__ = ["ON_FAILURE", "Breaker", "Failing", "OnFailure"]

OnFailure: TypeAlias = Literal["skip", "last_good", "default"]
ON_FAILURE: tuple[str, ...] = get_args(OnFailure)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """When a model is no longer called because it keeps failing.

    It opens where more than `share` of the last `window` calls failed. In a batch its memory
    is that of a part; in a process that scores record by record it lasts, and after
    `cooldown` seconds one call finds out whether the model is well again.

    Args:
        share: the share of failures that an active model may have; 1 never opens.
        window: how many calls of an active model are looked at.
        draft_share: the same of a draft.
        draft_window: the same of a draft, which opens sooner.
        cooldown: seconds until it is tried again.

    Example:
        >>> Breaker(share=0.2).limits("active"), Breaker().limits("draft")
        ((0.2, 1000), (0.5, 200))
    """

    share: float = 0.5
    window: int = 1_000
    draft_share: float = 0.5
    draft_window: int = 200
    cooldown: float = 30.0

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise DeclarationError(
                "A breaker is declared wrongly:", problems=problems, hint="Such as Breaker(share=0.5, window=1000)."
            )

    def limits(self, status: str) -> tuple[float, int]:
        """Give the share and the window of a model of this status.

        Example:
            >>> Breaker(share=0.5, window=1000, draft_share=0.2, draft_window=50).limits("draft")
            (0.2, 50)
        """
        return (self.share, self.window) if status == "active" else (self.draft_share, self.draft_window)

    def _problems(self) -> Iterator[str]:
        for name in ("share", "draft_share"):
            if not _is_share(getattr(self, name)):
                yield f"{name} is {getattr(self, name)!r}; expected a share from 0 to 1."
        for name in ("window", "draft_window"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                yield f"{name} is {value!r}; expected a number of calls, 1 or more."
        if not _is_number(self.cooldown) or not 0 <= self.cooldown < math.inf:
            yield f"cooldown is {self.cooldown!r}; expected seconds, 0 or more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """What is done about a model that fails; no part of its digest.

    Args:
        on_failure: what summaries and exports see in place of a failed result of an active
            model: `skip` for nothing, `last_good` for its last good score, with the time
            since when it is stale, or `default` for a declared value. The outcome stays.
        score: with `default`, the score that stands in.
        label: with `default`, the label that stands in.
        breaker: when it is no longer called.
        max_failed: the share of its results that may fail (`error`, `timeout`, `crashed`,
            `skipped`) before a run ends with exit code 4; None for what the project says.
        max_invalid: the same of `invalid` results; None where they do not count.

    Example:
        >>> Failing(on_failure="default", score=0.0, label="unknown").stands_in
        True
    """

    on_failure: OnFailure = "skip"
    score: float | None = None
    label: str | None = None
    breaker: Breaker = Breaker()
    max_failed: float | None = None
    max_invalid: float | None = None

    def __post_init__(self) -> None:
        given: Any = self.score
        if type(given) is int:
            object.__setattr__(self, "score", float(given))
        if problems := list(self._problems()):
            raise DeclarationError(
                "What is done about failures is declared wrongly:",
                problems=problems,
                hint='Such as Failing(on_failure="last_good", max_failed=0.05).',
            )

    @property
    def stands_in(self) -> bool:
        """Tell whether something may stand in for a failed result."""
        return self.on_failure != "skip"

    def _problems(self) -> Iterator[str]:
        if self.on_failure not in ON_FAILURE:
            yield f"on_failure is {self.on_failure!r}; expected one of {', '.join(ON_FAILURE)}."
        declared = self.score is not None or self.label is not None
        if self.on_failure == "default" and not declared:
            yield "on_failure is 'default', but neither score nor label is there; expected a value that stands in."
        if self.on_failure != "default" and declared:
            yield f"a value stands in only with on_failure 'default'; here on_failure is {self.on_failure!r}."
        score, label = getattr(self, "score"), getattr(self, "label")  # noqa: B009 - whatever somebody gave
        if score is not None and not (_is_number(score) and math.isfinite(score)):
            yield f"score is {score!r}; expected a finite number."
        if label is not None and not (isinstance(label, str) and label):
            yield f"label is {label!r}; expected text."
        for name in ("max_failed", "max_invalid"):
            value = getattr(self, name)
            if value is not None and not _is_share(value):
                yield f"{name} is {value!r}; expected a share from 0 to 1."
