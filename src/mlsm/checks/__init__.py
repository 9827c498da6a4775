"""What `mlsm check` and a deployment run."""

from mlsm.checks.finding import CheckName, Finding
from mlsm.checks.model import check_model
from mlsm.checks.subject import CLOCK, Subject
from mlsm.checks.upstreams import normal_plan, stand_ins

__all__ = ["CLOCK", "CheckName", "Finding", "Subject", "check_model", "normal_plan", "stand_ins"]
