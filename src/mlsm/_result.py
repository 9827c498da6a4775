"""What one model version said of one record: values only, the same at every door."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec

__all__ = [
    "Failure",
    "Given",
    "Outcome",
    "Problem",
    "Reason",
    "Reasons",
    "Result",
    "Substitute",
    "Unanswered",
    "Upstream",
]


class Outcome(StrEnum):
    """How a model version dealt with a record.

    `ok` and `abstained` are no failures; `invalid` means that the record does not satisfy
    the fields and the model was not called; the others are failures of the model.

    Example:
        >>> Outcome("timeout").failed, Outcome("abstained").failed
        (True, False)
    """

    OK = "ok"
    ABSTAINED = "abstained"
    INVALID = "invalid"
    ERROR = "error"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    SKIPPED = "skipped"

    @property
    def code(self) -> int:
        """Give the small integer that stands for this outcome in columns and stores."""
        return _CODES[self]

    @property
    def failed(self) -> bool:
        """Tell whether the model failed (`invalid` is the record's failure, not its)."""
        return self in _FAILED


OUTCOMES: tuple[Outcome, ...] = tuple(Outcome)
"""Outcomes by code. Append only: the codes are stored."""
_CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}
_FAILED = frozenset({Outcome.ERROR, Outcome.TIMEOUT, Outcome.CRASHED, Outcome.SKIPPED})


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with one value of a record.

    Example:
        >>> print(Problem(path="age", problem="wrong type", expected="int", got="'x'"))
        age: wrong type, expected int, got 'x'
    """

    path: str
    problem: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}, expected {self.expected}, got {self.got}"


class Reason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one field added to a score, on the scale of its `Reasons`.

    Example:
        >>> Reason(field="employees", contribution=18.0, text="247 employees").contribution
        18.0
    """

    field: str
    contribution: float
    text: str | None = None


class Reasons(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a score is what it is: link(baseline + sum of items + other) = score.

    Args:
        scale: what the contributions are counted in; the link is logistic for `log_odds`.
        baseline: what the sum starts from.
        items: what single fields added, the greatest first.
        other: what is not among the items.
        approximate: whether the items were found by asking the model again without each field.

    Example:
        >>> reasons = Reasons(baseline=20.0, items=(Reason(field="employees", contribution=18.0),))
        >>> reasons.baseline + sum(item.contribution for item in reasons.items) + reasons.other
        38.0
    """

    scale: Literal["score", "log_odds"] = "score"
    baseline: float = 0.0
    items: tuple[Reason, ...] = ()
    other: float = 0.0
    approximate: bool = False


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a result has no score: what was raised, or what is wrong with the record.

    Example:
        >>> Failure(type="ValueError", message="no such country 'XX'").problems
        ()
    """

    type: str
    message: str
    problems: tuple[Problem, ...] = ()
    culprits: tuple[str, ...] = ()


class Substitute(msgspec.Struct, frozen=True, kw_only=True):
    """The value that stands in for a failed result: a last good or a declared one.

    Example:
        >>> Substitute(score=72.0, stale_since=datetime(2026, 11, 21), from_version="1.2.0").score
        72.0
    """

    score: float | None = None
    label: str | None = None
    stale_since: datetime | None = None
    from_version: str | None = None


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """An upstream result that a summary was handed.

    Example:
        >>> Given(model="fit@1.2.0").stale_since is None
        True
    """

    model: str
    run_id: str | None = None
    stale_since: datetime | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one model version said of one record.

    `score` is a float64 or None, `output` any JSON value; `as_of` is the clock that the
    model saw, `scored_at` the time of day; both are UTC.

    Example:
        >>> result = Result(record_id="42", model="fit", version="1.2.0", status="active",
        ...                 outcome=Outcome.OK, score=72.0, label="B")
        >>> result.key, result.usable
        ('fit@1.2.0', True)
    """

    record_id: str
    model: str
    version: str
    status: str
    outcome: Outcome
    score: float | None = None
    label: str | None = None
    output: Any = None
    reasons: Reasons | None = None
    error: Failure | None = None
    substitute: Substitute | None = None
    given: tuple[Given, ...] = ()
    run_id: str | None = None
    as_of: datetime | None = None
    scored_at: datetime | None = None

    @property
    def key(self) -> str:
        """Give `name@version`."""
        return f"{self.model}@{self.version}"

    @property
    def usable(self) -> bool:
        """Tell whether a summary or an export can use this result."""
        return self.outcome is Outcome.OK or self.substitute is not None


class Unanswered(msgspec.Struct, frozen=True, gc=False):
    """What a declared summary answers where it abstains: who had no answer, each with its outcome."""

    missing: dict[str, str]


class Upstream(msgspec.Struct, frozen=True, gc=False):
    """What a summary sees of one of the results it stands on.

    Args:
        score: its score, None where there is none.
        label: its label, None where there is none.
        output_text: the rest of its answer as JSON text.
        outcome: how the model dealt with the record.
        substitute: what stands in where it failed; then score and label are those of it.
        source: whose result it is: name, version, status.

    Example:
        >>> fit = Upstream(72.0, "B", '{"size":"large"}', source=("fit", "1.2.0", "active"))
        >>> fit.score, fit.label, fit.output["size"], fit.version, fit.usable
        (72.0, 'B', 'large', '1.2.0', True)
    """

    score: float | None = None
    label: str | None = None
    output_text: str | None = None
    outcome: Outcome = Outcome.OK
    substitute: Substitute | None = None
    source: tuple[str, str, str] = ("", "", "")

    @classmethod
    def of(cls, source: tuple[str, str, str]) -> type[Upstream]:
        """Make the kind whose source is one model: a plain score is made of it in half the time.

        Example:
            >>> Upstream.of(("fit", "1.2.0", "active"))(72.0).version
            '1.2.0'
        """
        fields = [("source", tuple[str, str, str], source)]
        made: Any = msgspec.defstruct(cls.__name__, fields, bases=(cls,), module=cls.__module__, frozen=True, gc=False)
        view: type[Upstream] = made
        return view

    def __reduce__(self) -> tuple[type[Upstream], tuple[object, ...]]:
        """Be pickled as what every process knows."""
        return Upstream, (self.score, self.label, self.output_text, self.outcome, self.substitute, self.source)

    @property
    def output(self) -> Any:
        """Decode what the model returned besides score, label and reasons."""
        return None if self.output_text is None else msgspec.json.decode(self.output_text)

    @property
    def usable(self) -> bool:
        """Tell whether there is a score, label or output to use, or what stands in for them."""
        return self.outcome is Outcome.OK or self.substitute is not None

    @property
    def stale_since(self) -> datetime | None:
        """Give the time of the last good score that stands in, None where none does."""
        return None if self.substitute is None else self.substitute.stale_since

    @property
    def model(self) -> str:
        """Give the model's name."""
        return self.source[0]

    @property
    def version(self) -> str:
        """Give the model's version."""
        return self.source[1]

    @property
    def status(self) -> str:
        """Give the status that the model had."""
        return self.source[2]
