"""One result in words: its score, why it is what it is, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from mlsm._model import split_key
from mlsm._result import Outcome, Reasons, Result
from mlsm.cli.wording import clean, decimals, moment

__all__ = ["by_columns", "failure_text", "reason_lines", "score_text", "top_reasons", "winner_of", "winner_text"]


def score_text(score: float | None) -> str:
    """Write one score.

    Example:
        >>> score_text(72.0), score_text(0.03125), score_text(None)
        ('72', '0.031', '-')
    """
    return "-" if score is None else f"{score:.{decimals([score])}f}"


def by_columns(
    result: Result, columns: Mapping[str, Mapping[str, str]], upstreams: Mapping[str, Sequence[str]]
) -> Result:
    """Let the reasons of a result name the columns that people know, in place of fields.

    A summary may have taken over the reasons of what it stands on, whose fields count as well.

    Args:
        result: the result.
        columns: for each model version the columns of its fields.
        upstreams: the model versions that each stands on.

    Example:
        >>> from mlsm._result import Reason
        >>> reasons = Reasons(items=(Reason(field="lead_source", contribution=5.0),))
        >>> result = Result(record_id="7", model="fit", version="1", status="active", outcome=Outcome.OK,
        ...                 reasons=reasons)
        >>> top_reasons(by_columns(result, {"fit@1": {"lead_source": "Lead Source"}}, {}).reasons)
        '+5 Lead Source'
    """
    if result.reasons is None:
        return result
    names: dict[str, str] = {}
    below = [result.key]
    for key in below:
        names = {**columns.get(key, {}), **names}
        below += [upstream for upstream in upstreams.get(key, ()) if upstream not in below]
    items = tuple(
        msgspec.structs.replace(item, field=names.get(item.field, item.field)) for item in result.reasons.items
    )
    return msgspec.structs.replace(result, reasons=msgspec.structs.replace(result.reasons, items=items))


def reason_lines(reasons: Reasons) -> list[tuple[str, str]]:
    """Give what made a score, a line each: the signed number and what it stands for.

    Example:
        >>> from mlsm._result import Reason
        >>> item = Reason(field="employees", contribution=62.0, text="more than 500 employees")
        >>> reason_lines(Reasons(baseline=10.0, items=(item,)))
        [('+10', 'to begin with'), ('+62', 'more than 500 employees (employees)')]
    """
    numbers = [reasons.baseline, *(item.contribution for item in reasons.items), reasons.other]
    places = decimals(numbers)
    lines = [(reasons.baseline, "to begin with")]
    lines += [
        (item.contribution, item.field if item.text is None else f"{item.text} ({item.field})")
        for item in reasons.items
    ]
    lines += [(reasons.other, "everything else")]
    # What is nothing at the beginning and at the end needs no line; an item of 0 was looked at.
    shown = [line for place, line in enumerate(lines) if line[0] or 0 < place < len(lines) - 1]
    return [(f"{value:+.{places}f}", clean(text)) for value, text in shown]


def top_reasons(reasons: Reasons | None, limit: int = 3) -> str:
    """Give the weightiest reasons in one line.

    Example:
        >>> from mlsm._result import Reason
        >>> items = (Reason(field="country", contribution=-5.0), Reason(field="employees", contribution=62.0))
        >>> top_reasons(Reasons(items=items))
        '+62 employees, -5 country'
    """
    if reasons is None:
        return ""
    items = sorted((item for item in reasons.items if item.contribution), key=lambda item: -abs(item.contribution))
    places = decimals([item.contribution for item in items[:limit]])
    return ", ".join(
        f"{item.contribution:+.{places}f} {clean(item.field)}" + ("" if item.text is None else f" ({clean(item.text)})")
        for item in items[:limit]
    )


def failure_text(result: Result, others: Iterable[Result] = ()) -> str:
    """Say why a result has no score, '' where it has one.

    Args:
        result: the result.
        others: more results of the record: a summary may abstain since what it stands on did not answer.

    Example:
        >>> from mlsm._result import Failure
        >>> failure_text(Result(record_id="7", model="fit", version="1", status="active", outcome=Outcome.ERROR,
        ...                     error=Failure(type="ValueError", message="no such country")))
        'ValueError: no such country'
        >>> from mlsm._result import Given
        >>> grid = Result(record_id="7", model="grid", version="1", status="active", outcome=Outcome.ABSTAINED,
        ...               given=(Given(model="fit@1"),))
        >>> invalid = Result(record_id="7", model="fit", version="1", status="active", outcome=Outcome.INVALID)
        >>> failure_text(grid), failure_text(grid, [invalid])
        ('does not apply to this lead', 'no answer without fit@1 (invalid)')
        >>> failure_text(msgspec.structs.replace(grid, output={"missing": {"fit": "invalid"}}))
        'no answer without fit@1 (invalid)'
    """
    if result.outcome is Outcome.ABSTAINED:
        lacking = _without_answer(result, others)
        return f"no answer without {', '.join(lacking)}" if lacking else "does not apply to this lead"
    if result.error is None:
        return ""
    if result.error.problems:
        said = "; ".join(clean(problem) for problem in result.error.problems)
    elif result.outcome is Outcome.SKIPPED:
        said = clean(result.error.message)
    else:
        said = clean(f"{result.error.type}: {result.error.message}")
    if not all(culprit in said for culprit in result.error.culprits):
        said += f" (because of {', '.join(clean(culprit) for culprit in result.error.culprits)})"
    if result.substitute is not None:
        since = result.substitute.stale_since
        held = "a declared value" if since is None else f"its last good score, of {moment(since)}"
        said += f"; {held} stands in"
    return said


def _without_answer(result: Result, others: Iterable[Result]) -> list[str]:
    """Name what a summary stands on that had no answer, each with its outcome: as it says itself, or as others tell."""
    stored = result.output.get("missing") if isinstance(result.output, dict) else None
    if result.given and isinstance(stored, dict):
        keys = {split_key(one.model)[0]: one.model for one in result.given}
        return [f"{clean(keys.get(name, name))} ({_lacked(outcome)})" for name, outcome in stored.items()]
    told = {other.key: other for other in others if (other.run_id, other.as_of) == (result.run_id, result.as_of)}
    found = [told[one.model] for one in result.given if one.model in told]
    return [f"{clean(one.key)} ({one.outcome})" for one in found if not one.usable]


def _lacked(outcome: object) -> str:
    """Say why nothing could be taken of an upstream.

    Example:
        >>> _lacked("invalid"), _lacked("ok")
        ('invalid', 'ok, but nothing to take')
    """
    return "ok, but nothing to take" if outcome == Outcome.OK else clean(outcome)


def winner_of(result: Result) -> str | None:
    """Name the model whose answer a summary took, or that weighed most; None where no summary says so.

    Example:
        >>> from mlsm._result import Given
        >>> winner_of(Result(record_id="7", model="best", version="1", status="active", outcome=Outcome.OK, score=7.0,
        ...                  output={"winner": "fit"}, given=(Given(model="fit@1"), Given(model="interest@1"))))
        'fit'
    """
    told = result.output.get("winner") if isinstance(result.output, dict) else None
    return clean(told) if result.given and isinstance(told, str) else None


def winner_text(result: Result) -> str:
    """Say by which model a summary's answer is, '' where no summary says so.

    Example:
        >>> from mlsm._result import Given
        >>> told = {"rule": "blend", "winner": "fit"}
        >>> winner_text(Result(record_id="7", model="mean", version="1", status="active", outcome=Outcome.OK, score=7.0,
        ...                    output=told, given=(Given(model="fit@1"), Given(model="interest@1"))))
        'mostly by fit'
    """
    winner = winner_of(result)
    if winner is None:
        return ""
    return f"mostly by {winner}" if result.output.get("rule") == "blend" else f"by {winner}"
