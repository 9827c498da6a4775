"""Summaries people should not have to write: a rule, its options, and upstreams that compare."""

from mlsm._model.rules.conversions import is_banded, label_readers, line_of
from mlsm._model.rules.options import RULES, OptionForm, RuleOption, read_options, rule_options
from mlsm._model.rules.summary import RuleSummary, summary_of
from mlsm._model.rules.values import OptionProblem

__all__ = [
    "RULES",
    "OptionForm",
    "OptionProblem",
    "RuleOption",
    "RuleSummary",
    "is_banded",
    "label_readers",
    "line_of",
    "read_options",
    "rule_options",
    "summary_of",
]
