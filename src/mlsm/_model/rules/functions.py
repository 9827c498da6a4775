"""The rules as functions of what a summary sees of its upstreams.

An upstream without an answer is never taken for a zero: it is left out, and named in the
answer under `missing` with its outcome, or the summary abstains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from mlsm._model.rules.conversions import label_readers, reader_of_labels, reader_of_scores, score_readers
from mlsm._model.rules.greatest import greatest_of
from mlsm._result import Unanswered, Upstream
from mlsm._typing import Function
from mlsm.errors import DeclarationError

__all__ = ["Terms", "function_of"]

_Answer: TypeAlias = dict[str, Any] | Unanswered


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the upstreams of a summary have in common.

    Args:
        range: the least and the greatest score of the answer.
        labels: every label of the answer, best first.
        carry: whether the winner's other facet (the label beside a score, the score beside a
            label) compares as well, and goes along.
    """

    range: tuple[float, float] | None = None
    labels: tuple[str, ...] | None = None
    carry: bool = False


def function_of(rule: str, names: Sequence[str], options: Mapping[str, Any], terms: Terms) -> Function:
    """Make the function of a rule; it takes the upstreams in their order.

    Args:
        rule: the rule.
        names: the upstreams.
        options: what the rule is told, read.
        terms: what the upstreams have in common, as far as it is known.
    """
    return _MAKERS[rule](tuple(names), options, terms)


def _best(names: tuple[str, ...], options: Mapping[str, Any], terms: Terms) -> Function:
    """Take the greatest score; of equal ones that of the upstream named first."""
    read, carry, strict = reader_of_scores(names, options["convert"]), terms.carry, options["missing"] == "abstain"

    def best(*seen: Upstream) -> _Answer:
        found = scores = read(seen)
        if None in scores:
            found = [score for score in scores if score is not None]
            if strict or not found:
                return _unanswered(names, seen, scores)
        top = max(found)
        place = scores.index(top)
        answer = {"score": top, "winner": names[place]}
        if carry:
            answer["label"] = seen[place].label
        return answer if found is scores else answer | _missing(names, seen, scores)

    return best if carry else greatest_of(names, options["convert"], best)


def _blend(names: tuple[str, ...], options: Mapping[str, Any], terms: Terms) -> Function:  # noqa: ARG001 - one shape
    """Take the weighted mean of those that are there; the winner is who added most to it, and did not win alone."""
    read, strict = reader_of_scores(names, options["convert"]), options["missing"] == "abstain"
    weights = [options["weights"][name] for name in names]
    shares = [weight / _added(weights) for weight in weights]

    def blend(*seen: Upstream) -> _Answer:
        scores = read(seen)
        if None not in scores:
            parts = [share * score for share, score in zip(shares, scores, strict=True)]
            return {"score": _added(parts), "rule": "blend", "winner": names[parts.index(max(parts))]}
        there = [place for place, score in enumerate(scores) if score is not None]
        if strict or not there:
            return _unanswered(names, seen, scores)
        rest = _added([weights[place] for place in there])
        parts = [weights[place] / rest * scores[place] for place in there]
        winner = names[there[parts.index(max(parts))]]
        return {"score": _added(parts), "rule": "blend", "winner": winner} | _missing(names, seen, scores)

    return blend


def _added(numbers: list[float]) -> float:
    """Add from left to right, as columns do; `sum` rounds otherwise since Python 3.12."""
    total = 0.0
    for number in numbers:
        total += number
    return total


def _first(names: tuple[str, ...], options: Mapping[str, Any], terms: Terms) -> Function:
    """Take the first answer that there is, in the order of the upstreams."""
    scored, carry = options["take"] == "score", terms.carry
    readers = (score_readers if scored else label_readers)(names, options["convert"])
    taken, other = ("score", "label") if scored else ("label", "score")

    def first(*seen: Upstream) -> _Answer:
        for place, read in enumerate(readers):
            value = read(seen[place])
            if value is not None:
                answer = {taken: value, "winner": names[place]}
                if carry:
                    answer[other] = getattr(seen[place], other)
                return answer if not place else answer | _missing(names, seen, [None] * place)
        return _unanswered(names, seen, [None] * len(names))

    return first


def _worst_grade(names: tuple[str, ...], options: Mapping[str, Any], terms: Terms) -> Function:
    """Take the worst label; of equal ones that of the upstream named first."""
    read, strict = reader_of_labels(names, options["convert"]), options["missing"] == "abstain"
    if terms.labels is None:
        return _unordered
    rank = {label: place for place, label in enumerate(terms.labels)}.__getitem__

    def worst_grade(*seen: Upstream) -> _Answer:
        found = labels = read(seen)
        if None in labels:
            found = [label for label in labels if label is not None]
            if strict or not found:
                return _unanswered(names, seen, labels)
        worst = max(found, key=rank)
        answer = {"label": worst, "winner": names[labels.index(worst)]}
        return answer if found is labels else answer | _missing(names, seen, labels)

    return worst_grade


def _majority(names: tuple[str, ...], options: Mapping[str, Any], terms: Terms) -> Function:  # noqa: ARG001 - one shape
    """Take the most frequent label; of equally frequent ones that of the upstream named first."""
    read, strict = reader_of_labels(names, options["convert"]), options["missing"] == "abstain"

    def majority(*seen: Upstream) -> _Answer:
        found = labels = read(seen)
        if None in labels:
            found = [label for label in labels if label is not None]
            if strict or not found:
                return _unanswered(names, seen, labels)
        most = max(found, key=found.count)
        answer = {"label": most, "winner": names[labels.index(most)], "votes": found.count(most)}
        return answer if found is labels else answer | _missing(names, seen, labels)

    return majority


def _grid(names: tuple[str, ...], options: Mapping[str, Any], terms: Terms) -> Function:  # noqa: ARG001 - one shape
    """Put the labels of two upstreams together; without one of them there is no cell."""
    read, join, cells = reader_of_labels(names, options["convert"]), options["join"], options["cells"]

    def grid(*seen: Upstream) -> _Answer:
        labels = read(seen)
        if None in labels:
            return _unanswered(names, seen, labels)
        cell = join.join(labels)
        return {"label": cells[cell], "cell": cell} if cells else {"label": cell}

    return grid


def _missing(names: Sequence[str], seen: Sequence[Upstream], values: Sequence[object]) -> dict[str, Any]:
    """Name the upstreams without an answer, each with its outcome."""
    told = zip(names, seen, values, strict=False)  # of the first that answered, those before it
    return {"missing": {name: one.outcome.value for name, one, value in told if value is None}}


def _unanswered(names: Sequence[str], seen: Sequence[Upstream], values: Sequence[object]) -> Unanswered:
    return Unanswered(_missing(names, seen, values)["missing"])


def _unordered(*seen: Upstream) -> _Answer:  # noqa: ARG001 - it stands where the others have a function
    raise DeclarationError(
        "Which label is worse is not known; expected labels, best first.",
        hint='Call the summary as a catalog has it, or state the option labels = ["A", "B", "C"].',
    )


_MAKERS: Mapping[str, Callable[[tuple[str, ...], Mapping[str, Any], Terms], Function]] = {
    "best": _best,
    "blend": _blend,
    "first": _first,
    "grid": _grid,
    "majority": _majority,
    "worst_grade": _worst_grade,
}
