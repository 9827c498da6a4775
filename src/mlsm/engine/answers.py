"""What a model returned becomes a result's columns; junk becomes an `error`."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

import msgspec

from mlsm._guard import Raised, attempt
from mlsm._model import Model
from mlsm._result import Failure, Outcome, Reasons, Unanswered

__all__ = ["ABSTAINED", "ERROR", "OK", "OUTPUT_BYTES_MAX", "Answer", "AnswerError", "Limits", "failed", "read_answer"]

OUTPUT_BYTES_MAX = 64 * 1024
_EXACT_INT_MAX = 2**53
_DEPTH_MAX = 64
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1
_SLACK = 1e-9

OK: Final = Outcome.OK.code
ABSTAINED: Final = Outcome.ABSTAINED.code
ERROR: Final = Outcome.ERROR.code

_TEXT: Final = frozenset({str})
_encode = msgspec.json.Encoder(order="sorted").encode


class Answer(msgspec.Struct, frozen=True, gc=False):
    """One answer as it goes into the columns: an outcome's code, and JSON as text."""

    code: int
    score: float | None = None
    label: str | None = None
    output: str | None = None
    reasons: str | None = None
    error: str | None = None


_NOTHING = Answer(ABSTAINED)


class AnswerError(Exception):
    """An answer that cannot be a result; it becomes an `error`, never an exception."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a model declares of its answers: the range of its score, its labels."""

    low: float = -sys.float_info.max
    high: float = sys.float_info.max
    labels: frozenset[str] | None = None

    @classmethod
    def of(cls, model: Model) -> Limits:
        """Read the limits of a model, with slack for the last bits of a sum."""
        labels = None if model.labels is None else frozenset(model.labels)
        if model.range is None:
            return cls(labels=labels)
        low, high = model.range
        slack = _SLACK * max(1.0, abs(low), abs(high))
        return cls(low=low - slack, high=high + slack, labels=labels)


def failed(failure: Failure, code: int = ERROR) -> Answer:
    """Make the answer of a model that failed."""
    return Answer(code, error=_encode(failure).decode())


def read_answer(value: Any, limits: Limits) -> Answer:
    """Read what a model returned for one record.

    Args:
        value: a number (the score), None (the model abstains), or a mapping or object with
            any of `score`, `label`, `reasons`; whatever else it holds is kept as output.
        limits: what the model declares of its answers.
    """
    if value is None:
        return _NOTHING
    if type(value) is float and limits.low <= value <= limits.high:
        return Answer(OK, value)
    if type(value) is Unanswered:
        return Answer(ABSTAINED, output=_encode({"missing": value.missing}).decode())
    answer = attempt(_read, value, limits)
    if not isinstance(answer, Raised):
        return answer  # type: ignore[no-any-return]  # attempt cannot know the type
    return failed(answer.failure)


def _read(value: Any, limits: Limits) -> Answer:
    if type(value) is not dict:  # the most frequent by far is asked first
        number = _number(value)
        if number is not None:
            return Answer(OK, _bounded(number, limits))
    parts = _parts(value)
    if not parts:
        raise AnswerError(f"The answer is an empty {type(value).__name__}; expected a score, a label or output.")
    score = _score(parts.pop("score", None), limits)
    label = _label(parts.pop("label", None), limits)
    reasons = _reasons(parts.pop("reasons", None), score)
    return Answer(OK, score, label, _output(parts), reasons)


def _number(value: Any) -> float | None:
    """Give a number as a float64, None for what is no number."""
    if hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, bool):
        raise AnswerError(f"The score is {value!r}, a bool; expected a number.")
    if isinstance(value, int):
        if abs(value) > _EXACT_INT_MAX:
            raise AnswerError("The score is an int beyond 2**53; expected a float or a smaller int.")
        return float(value)
    return float(value) if isinstance(value, (float, Decimal)) else None


def _bounded(number: float, limits: Limits) -> float:
    if limits.low <= number <= limits.high:  # never infinite, and NaN lies nowhere
        return number
    if not math.isfinite(number):
        raise AnswerError(f"The score is {number}; expected a finite number.")
    raise AnswerError(f"The score {number} is outside of the declared range.")


def _score(value: Any, limits: Limits) -> float | None:
    if value is None:
        return None
    number = value if type(value) is float else _number(value)
    if number is None:
        raise AnswerError(f"The score is a {type(value).__name__}; expected a number.")
    return _bounded(number, limits)


def _label(value: Any, limits: Limits) -> str | None:
    if isinstance(value, Enum):
        value = value.value
    if value is None:
        return None
    if not isinstance(value, str):
        raise AnswerError(f"The label is a {type(value).__name__}; expected text.")
    label = _text(value)
    if limits.labels is not None and label not in limits.labels:
        raise AnswerError(f"The label {label!r} is not among those declared: {', '.join(sorted(limits.labels))}.")
    return label


def _parts(value: Any) -> dict[str, Any]:
    if type(value) is dict and set(map(type, value)) <= _TEXT:
        return value.copy()
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if isinstance(value, msgspec.Struct):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if hasattr(value, "_asdict"):
        return dict(value._asdict())
    if any(hasattr(value, name) for name in ("score", "label", "reasons")) and not isinstance(value, type):
        return {name: item for name, item in vars(value).items() if not name.startswith("_")}
    raise AnswerError(f"The answer is a {type(value).__name__}; expected a number, None, or a mapping with a score.")


def _output(rest: dict[str, Any]) -> str | None:
    kept = {key: item for key, item in rest.items() if item is not None} if rest else rest
    if not kept:
        return None
    text = _encode(_plain(kept, 0))
    if len(text) > OUTPUT_BYTES_MAX:
        raise AnswerError(f"The output has {len(text)} bytes as JSON; expected at most {OUTPUT_BYTES_MAX}.")
    return text.decode()


def _reasons(value: Any, score: float | None) -> str | None:
    if value is None:
        return None
    reasons, told = _read_reasons(value)
    if not told and reasons.scale == "score" and score is not None:
        rest = score - reasons.baseline - math.fsum(item.contribution for item in reasons.items)
        reasons = msgspec.structs.replace(reasons, other=rest if abs(rest) > _SLACK else 0.0)
    numbers = (reasons.baseline, reasons.other, *(item.contribution for item in reasons.items))
    if not all(map(math.isfinite, numbers)):
        raise AnswerError("The reasons hold a number that is not finite.")
    _text("".join([item.field + (item.text or "") for item in reasons.items]))
    return _encode(reasons).decode()


def _read_reasons(value: Any) -> tuple[Reasons, bool]:
    """Read reasons; tell whether they say what is left over (`other`)."""
    if isinstance(value, Reasons):
        return value, True
    for plain in (value, None):  # plain mappings and numbers need no second look; others are opened first
        found = _plain(value, 0) if plain is None else plain
        found = {"items": found} if isinstance(found, (list, tuple)) else found
        try:
            return msgspec.convert(found, Reasons), "other" in found
        except (msgspec.ValidationError, TypeError) as error:
            failure = error
    told = str(failure).rstrip(".")
    raise AnswerError(f"The reasons cannot be read: {told}; expected items of field, contribution and text.")


def _text(value: str) -> str:
    if "\x00" in value:
        raise AnswerError("The answer holds text with a NUL character.")
    if type(value) is str and value.isascii():
        return value
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise AnswerError("The answer holds text that is not valid Unicode.") from None
    return str.__str__(value)


def _plain(value: Any, depth: int) -> Any:
    """Turn output into what JSON can hold, exactly, or refuse it."""
    if value is None or value is True or value is False:
        return value
    if type(value) is str:
        return _text(value)
    if depth > _DEPTH_MAX:
        raise AnswerError(f"The output is nested more than {_DEPTH_MAX} deep.")
    if isinstance(value, str):
        return _plain(value.value, depth) if isinstance(value, Enum) else _text(value)
    if isinstance(value, int):
        if not _INT_MIN <= value <= _INT_MAX:
            raise AnswerError("The output holds an integer beyond 64 bits.")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise AnswerError(f"The output holds {value}; expected finite numbers.")
        return float(value)
    return _plain_compound(value, depth)


def _plain_compound(value: Any, depth: int) -> Any:
    if type(value) is dict or isinstance(value, Mapping):
        return {_text(str(key)): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (datetime, date, UUID)):
        return value.isoformat() if isinstance(value, date) else str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise AnswerError("The output holds bytes, which JSON cannot.")
    if isinstance(value, (set, frozenset, Sequence)):
        return [_plain(item, depth + 1) for item in (value if isinstance(value, Sequence) else sorted(value))]
    return _plain(_opened(value), depth + 1)


def _opened(value: Any) -> Any:
    """Give what an object holds, in simpler types."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, msgspec.Struct) or is_dataclass(value):
        return _parts(value)
    for convert in ("tolist", "to_list"):
        if hasattr(value, convert):
            return getattr(value, convert)()
    raise AnswerError(f"The output holds a {type(value).__name__}, which JSON cannot.")
