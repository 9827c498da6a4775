"""What each rule may be told: its options, their forms, and what is wrong with the ones given."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

from mlsm._model.rules.values import READERS, Expected, OptionProblem, WrongValueError
from mlsm.errors import DeclarationError

__all__ = ["RULES", "OptionForm", "RuleOption", "read_options", "rule_options"]

OptionForm: TypeAlias = Literal["text", "texts", "numbers", "table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOption:
    """One option of a rule.

    Args:
        name: its name.
        form: what kind of value is expected; `numbers` and `texts` are lists.
        what: what it says, in a sentence.
        example: the option as one would write it in TOML.
        required: whether it must be there.
        default: the value where it is absent, None where there is none then.
        choices: the values that it may have, () for any.
    """

    name: str
    form: OptionForm
    what: str
    example: str
    required: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()


_REQUIRE = RuleOption(
    name="require", form="texts", default=(), example='require = ["fit"]',
    what="The upstreams without whose usable result the summary is skipped.",
)  # fmt: skip
_MISSING = RuleOption(
    name="missing", form="text", default="leave_out", choices=("leave_out", "abstain"), example='missing = "abstain"',
    what="Whether an upstream without an answer is left out, or has the summary abstain.",
)  # fmt: skip
_RANGE = RuleOption(
    name="range", form="numbers", example="range = [0, 100]",
    what="The least and the greatest score; that of the upstreams unless stated.",
)  # fmt: skip
_LABELS = RuleOption(
    name="labels", form="texts", example='labels = ["A", "B", "C"]',
    what="Every label, best first; those of the upstreams unless stated.",
)  # fmt: skip
_SCALES = RuleOption(
    name="convert", form="table", example="convert = { churn = { from = [0, 1], to = [0, 100] } }",
    what="How the score of an upstream becomes one that compares: from a range to a range, or times a number.",
)  # fmt: skip
_GRADES = RuleOption(
    name="convert", form="table", example='convert = { churn = { gold = "A", silver = "B" } }',
    what="How an upstream gets a label that compares: of each of its labels, or from which score on.",
)  # fmt: skip
_WEIGHTS = RuleOption(
    name="weights", form="table", required=True, example="weights = { fit = 0.7, recency = 0.3 }",
    what="How much each upstream counts; only their proportions matter.",
)  # fmt: skip
_TAKE = RuleOption(
    name="take", form="text", default="score", choices=("score", "label"), example='take = "label"',
    what="Whether an upstream has answered when it has a score, or when it has a label.",
)  # fmt: skip
_JOIN = RuleOption(
    name="join", form="text", default="", example='join = "-"',
    what="What stands between the two labels of a cell.",
)  # fmt: skip
_CELLS = RuleOption(
    name="cells", form="table", example='cells = { A1 = "hot", A2 = "warm" }',
    what="What the cells are called, all of them, where not by their two labels.",
)  # fmt: skip
_EITHER = RuleOption(
    name="convert", form="table", example="convert = { churn = { from = [0, 1], to = [0, 100] } }",
    what='How an upstream becomes one that compares: its score for `take = "score"`, else its label.',
)  # fmt: skip

RULES: Mapping[str, tuple[RuleOption, ...]] = {
    "best": (_REQUIRE, _MISSING, _RANGE, _SCALES),
    "blend": (_WEIGHTS, _REQUIRE, _MISSING, _RANGE, _SCALES),
    "first": (_TAKE, _REQUIRE, _RANGE, _LABELS, _EITHER),
    "grid": (_JOIN, _CELLS, _REQUIRE, _LABELS, _GRADES),
    "majority": (_REQUIRE, _MISSING, _LABELS, _GRADES),
    "worst_grade": (_REQUIRE, _MISSING, _LABELS, _GRADES),
}
"""The rules, and what each may be told."""


def rule_options(rule: str) -> tuple[RuleOption, ...]:
    """Describe the options of a rule.

    Raises:
        DeclarationError: there is no such rule.

    Example:
        >>> [(option.name, option.form, option.required) for option in rule_options("blend")][:2]
        [('weights', 'table', True), ('require', 'texts', False)]
    """
    if rule in RULES:
        return RULES[rule]
    near = get_close_matches(str(rule), RULES, n=1)
    raise DeclarationError(
        f"There is no rule {rule!r} for a summary; expected one of {', '.join(RULES)}.",
        hint=f"Did you mean {near[0]!r}?" if near else "Write a function with @mlsm.summary_model for any other.",
    )


def read_options(
    rule: str, options: Mapping[str, Any], upstreams: Collection[str]
) -> tuple[dict[str, Any], list[OptionProblem]]:
    """Read the options of a summary to the end.

    Args:
        rule: the rule.
        options: what it is told; a TOML file's values will do.
        upstreams: the names of what it stands on.

    Returns:
        Every option of the rule in one form, defaults too; and all that is wrong.

    Raises:
        DeclarationError: there is no such rule.

    Example:
        >>> read_options("best", {"range": [0, 100], "mising": "abstain"}, ["fit"])[1][0].path
        ('mising',)
    """
    described = {option.name: option for option in rule_options(rule)}
    problems = [_unknown(rule, name, list(described)) for name in options if name not in described]
    found: dict[str, Any] = {}
    for name, option in described.items():
        found[name] = {} if option.form == "table" else option.default
        if name not in options:
            if option.required:
                problems.append(OptionProblem((), f"has no {name}; expected some.", f"Write {option.example}."))
            continue
        expected = Expected(rule, tuple(upstreams), option.choices, options.get("take", "score"))
        try:
            found[name] = READERS[name](options[name], expected)
        except WrongValueError as error:
            hint = f"Such as {option.example}."
            problems += [OptionProblem((name, *one.path), one.what, one.hint or hint) for one in error.told]
    if rule == "first":
        idle = "labels" if found["take"] == "score" else "range"
        if found[idle] is not None:
            what = f"says nothing where take is {found['take']!r}; expected none."
            problems.append(OptionProblem((idle,), what, "Remove it."))
    return found, problems


def _unknown(rule: str, name: object, known: list[str]) -> OptionProblem:
    near = get_close_matches(str(name), known, n=1)
    what = f"is no option of the rule {rule!r}; expected some of {', '.join(known)}."
    return OptionProblem((str(name),), what, f"Did you mean {near[0]!r}?" if near else "Remove it.")
