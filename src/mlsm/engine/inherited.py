"""The reasons of a declared summary that takes one upstream's score: those of that upstream.

Where the score was converted on the way, the reasons are moved along the same line, so that
link(baseline + items + other) stays the score.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
import polars as pl

from mlsm._model import RuleSummary
from mlsm._model.rules import line_of
from mlsm._result import Reasons
from mlsm.engine.order import Step

__all__ = ["adds_up", "inherited_reasons", "inherits"]

_TAKING_ONE = frozenset({"best", "first"})
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(Reasons).decode


def inherits(step: Step) -> bool:
    """Tell whether a step is a summary whose score is that of one of its upstreams."""
    return isinstance(step.model, RuleSummary) and step.model.rule in _TAKING_ONE


def adds_up(step: Step) -> bool:
    """Tell whether a step is a summary whose score is the sum of what its upstreams add to it."""
    return isinstance(step.model, RuleSummary) and step.model.rule == "blend"


def inherited_reasons(step: Step, answers: pl.DataFrame, upstreams: Mapping[int, pl.DataFrame]) -> pl.Series:
    """Give for each answer of a summary the reasons of the upstream that won, null where there are none.

    Args:
        step: the summary.
        answers: what it answered.
        upstreams: what the models that it stands on answered, by place, a row for each answer.
    """
    found = pl.repeat(None, answers.height, dtype=pl.String, eager=True)
    if "output" not in answers.columns or answers.get_column("score").null_count() == answers.height:
        return found  # what won by its label alone has no score to give reasons for
    winners = answers.get_column("output").str.json_path_match("$.winner")
    convert: Mapping[str, Any] = getattr(step.model, "options", {}).get("convert", {})
    for name, place in step.upstreams.items():
        given = upstreams[place]
        if "reasons" not in given.columns:
            continue
        won = (winners == name).fill_null(value=False)
        texts = given.get_column("reasons")
        if name in convert and isinstance(step.model, RuleSummary) and step.model.compares_scores:
            move = partial(_moved, line=line_of(convert[name]))
            texts = texts.set(~won, None).map_elements(move, return_dtype=pl.String)
        found = texts.zip_with(won, found)
    return found.set(answers.get_column("score").is_null(), None)


def _moved(text: str, line: tuple[float, float, float]) -> str:
    """Move reasons along the line that a score was converted by; a link's own scale stays what it is."""
    reasons = _decode(text)
    if reasons.scale != "score":
        return text
    start, factor, least = line
    items = [msgspec.structs.replace(item, contribution=item.contribution * factor + 0.0) for item in reasons.items]
    return _encode(
        msgspec.structs.replace(
            reasons,
            baseline=(reasons.baseline - start) * factor + least,
            items=tuple(items),
            other=reasons.other * factor + 0.0,
        )
    ).decode()
