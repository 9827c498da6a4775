"""Models and summaries, and the decorators that make them."""

from mlsm._model.abroad import Abroad, Home
from mlsm._model.absent import AbsentModel
from mlsm._model.artefact import ArtefactModel
from mlsm._model.decorators import model, summary_model
from mlsm._model.failing import ON_FAILURE, Breaker, Failing, OnFailure
from mlsm._model.home import MAIN, home_of
from mlsm._model.isolation import RUNGS, Isolation, read_memory, read_timeout
from mlsm._model.key import STATUSES, check_key, split_key
from mlsm._model.model import Call, Model, parameters_of
from mlsm._model.rules import OptionProblem, RuleOption, RuleSummary, read_options, rule_options, summary_of
from mlsm._model.summary import SummaryModel

__all__ = [
    "MAIN",
    "ON_FAILURE",
    "RUNGS",
    "STATUSES",
    "Abroad",
    "AbsentModel",
    "ArtefactModel",
    "Breaker",
    "Call",
    "Failing",
    "Home",
    "Isolation",
    "Model",
    "OnFailure",
    "OptionProblem",
    "RuleOption",
    "RuleSummary",
    "SummaryModel",
    "check_key",
    "home_of",
    "model",
    "parameters_of",
    "read_memory",
    "read_options",
    "read_timeout",
    "rule_options",
    "split_key",
    "summary_model",
    "summary_of",
]
