"""One record through a whole catalog as one function, written for that catalog.

It says what `engine/record` says, in a third of the time: every column is looked up once,
what is plainly right is not read again, a plain score becomes a result at once. Whatever is
out of the ordinary (a field's problem, a condition, an answer that is no number) is handed
to the functions of `engine/record`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, TypeAlias

from mlsm._fields import UNSET
from mlsm._fields.scalars import plain_range
from mlsm._guard import caught
from mlsm._model import RuleSummary
from mlsm._result import Outcome, Result
from mlsm.engine.order import Prepared, Slot, Step

__all__ = ["Otherwise", "RecordFunction", "compile_record", "plain_parts"]

RecordFunction: TypeAlias = Callable[
    [Mapping[str, Any], str, datetime, datetime, str | None], "tuple[Result, ...] | None"
]
"""Scores a record by id, clock, time of day and run; None where the record has problems."""

Otherwise: TypeAlias = Callable[..., Any]
"""Gives result and view of an answer that is no plain score, or bars a model from being called."""

_LONG = 1_000
"""A longer text in an answer is looked at closely."""


def compile_record(prepared: Prepared, *, otherwise: Otherwise, barred: Otherwise, given: Otherwise) -> RecordFunction:
    """Write the function of a catalog of flat records.

    Args:
        prepared: the catalog, made ready.
        otherwise: makes result and view of what a model returned, where that is no plain score.
        barred: tells why a model is not called, by its step, all values and what summaries see.
        given: names the upstream results of a summary, by its step, the outcome and the run.
    """
    namespace: dict[str, Any] = {
        "MIDNIGHT": time(tzinfo=UTC), "OK": Outcome.OK, "OK_CODE": Outcome.OK.code, "Result": Result, "UNSET": UNSET,
        "barred": barred, "caught": caught, "combine": datetime.combine, "date": date, "given": given,
        "otherwise": otherwise,
    }  # fmt: skip
    lines = ["def score(record, record_id, as_of, scored_at, run_id):", " get, problems = record.get, []"]
    lines += _reading(prepared, namespace)
    lines += [" if problems:", "  return None"]
    seen: list[str] = ["None"] * len(prepared.steps)
    for step in prepared.steps:
        lines += _asking(step, len(prepared.slots), seen, namespace)
        if step.watched:
            seen[step.place] = f"u{step.place}"
    results = ", ".join(f"r{place}" for place in range(len(prepared.steps)))
    lines.append(f" return ({results}{',' if len(prepared.steps) == 1 else ''})")
    exec("\n".join(lines), namespace)  # noqa: S102 - text of our own making: numbers and places
    made: RecordFunction = namespace["score"]
    return made


def _reading(prepared: Prepared, namespace: dict[str, Any]) -> list[str]:
    """Read every slot; a column that several slots share is looked up once, and tested once where it may be."""
    columns: dict[str, dict[str, list[int]]] = {}
    for place, slot in enumerate(prepared.slots):
        namespace[f"read{place}"] = slot.read
        columns.setdefault(slot.column, {}).setdefault(_plainly(slot, place, namespace), []).append(place)
    namespace["null"] = prepared.reading.null
    lines = []
    for number, (column, tests) in enumerate(columns.items()):
        namespace[f"c{number}"] = column
        lines.append(f" c = get(c{number}, UNSET)")
        for test, places in tests.items():
            values = " = ".join(f"v{place}" for place in places)
            reads = [f"  v{place} = read{place}(c, problems)" for place in places]
            if test:
                plain, value = test.split(" => ")
                lines += [f" if {plain}:", f"  {values} = {value}", " else:", *reads]
            else:
                lines += [line[1:] for line in reads]
    return lines


def _plainly(slot: Slot, place: int, namespace: dict[str, Any]) -> str:
    """Write the test of what needs no further look, and what it is read as; nothing where there is none."""
    kind = slot.field.kind
    plain, low, high = plain_range(kind)
    if plain is not None and plain is not bool:
        same = [name for name, known in namespace.items() if name.startswith("bounds") and known == (plain, low, high)]
        bounds = same[0][6:] if same else str(place)
        namespace |= {f"bounds{bounds}": (plain, low, high), f"low{bounds}": low, f"high{bounds}": high}
        return f"type(c) is {plain.__name__} and low{bounds} <= c <= high{bounds} => c"
    if kind.constrained:
        return ""
    if kind.name == "str":
        return 'type(c) is str and c[:1] > " " and c[-1] > " " and c.isascii() and c not in null => c'
    return "type(c) is date => combine(c, MIDNIGHT)" if kind.name == "datetime" else ""


def _asking(step: Step, slots: int, seen: list[str], namespace: dict[str, Any]) -> list[str]:
    """Ask one model, and make its result."""
    place, limits = step.place, step.limits
    name, version, status = step.source
    namespace |= {
        f"step{place}": step, f"ask{place}": step.predictor.record, f"view{place}": step.view, f"name{place}": name,
        f"version{place}": version, f"status{place}": status, f"least{place}": limits.low, f"most{place}": limits.high,
    }  # fmt: skip
    handed = [seen[at] for at in step.upstreams.values()] + [f"v{slot}" for slot in step.slots]
    handed += ["as_of"] if step.wants_as_of else []
    # What `_guard.attempt` does, written out: a call within a call would cost as much again.
    asking = [" try:", f"  a = ask{place}({', '.join(handed)})", " except BaseException as e:", "  a = caught(e)"]
    lines = asking
    if step.conditional:
        values = ", ".join(f"v{slot}" for slot in range(slots))
        barred = f" a = barred(step{place}, [{values}], {{}}, [{', '.join(seen)}], as_of)"
        lines = [barred, " if a is None:", *(f" {line}" for line in asking)]
    plain = f"type(a) is float and least{place} <= a <= most{place}" if step.predictor.single else "False"
    namespace[f"given{place}"] = step.columns.given
    known = f"given{place} if run_id is None else given(step{place}, OK_CODE, run_id)"
    of = f", given={known}" if step.upstreams else ""
    made = (
        f"Result(record_id=record_id, model=name{place}, version=version{place}, status=status{place}, outcome=OK, "
        f"score={{}}{of}, run_id=run_id, as_of=as_of, scored_at=scored_at)"
    )
    lines += [f" if {plain}:", f"  r{place} = {made.format('a')}"]
    lines += [f"  u{place} = view{place}(a)"] if step.watched else []
    if _names_winner(step):
        score = f'type(s := a.get("score")) is float and least{place} <= s <= most{place}'
        told = made.format('s, output={"winner": a["winner"]}')
        lines += [f' elif type(a) is dict and len(a) == 2 and "winner" in a and {score}:', f"  r{place} = {told}"]
    lines += [" else:", f"  r{place}, u{place} = otherwise(step{place}, a, record_id, as_of, scored_at, run_id)"]
    return lines


def _names_winner(step: Step) -> bool:
    """Tell whether a step is a rule that answers with a score and who won: both are as we wrote them."""
    if not isinstance(step.model, RuleSummary) or step.watched:
        return False
    return all(name.isascii() and name.isprintable() for name in step.upstreams)


def plain_parts(told: dict[Any, Any], low: float, high: float, labels: frozenset[str] | None) -> tuple[Any, ...] | None:
    """Give score, label and output of an answer of a score and short plain texts, None for any other.

    Its output holds one text at most, so that it is the same as after being written and read.
    """
    score = label = output = None
    for key, value in told.items():
        if key == "score":
            if type(value) is not float or not low <= value <= high:
                return None
            score = value
        elif (
            type(value) is not str
            or type(key) is not str
            or len(value) > _LONG
            or not value.isascii()
            or "\x00" in value
        ):
            return None
        elif key == "label":
            if labels is not None and value not in labels:
                return None
            label = value
        elif output is not None or key == "reasons" or len(key) > _LONG or not key.isascii() or "\x00" in key:
            return None
        else:
            output = {key: value}
    return (score, label, output) if told else None
