"""Every key that `mlsm.toml` may hold: its form, its default, what is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from mlsm.contracts import PATIENCE_SECONDS
from mlsm.project import values
from mlsm.project.values import Wrong

__all__ = ["ARRAYS", "COLUMNS", "ENTRIES", "KEYS", "SECTIONS", "STATUS_KEYS", "Form", "Key"]

Form: TypeAlias = Literal["text", "texts", "whole", "number", "table", "count"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a section.

    Args:
        section: the section's name.
        name: the key's name.
        form: what kind of TOML value is expected.
        example: the key as one would write it.
        default: the value where the key is absent, None where there is no value then.
        required: whether the key must be there.
        check: tells what is wrong with a value of the right form.
    """

    section: str
    name: str
    form: Form
    example: str
    default: Any = None
    required: bool = False
    check: Callable[[Any], Iterable[Wrong]] = values.anything

    @property
    def path(self) -> tuple[str, str]:
        """Give the section and the name."""
        return self.section, self.name

    @property
    def variable(self) -> str:
        """Name the environment variable that overrides this key."""
        return f"MLSM_{self.section}_{self.name}".upper()


STATUS_KEYS = tuple(
    Key(section="models", name=status, form="table", example=f'fit = "1.2.0" below [models.{status}]', default={})
    for status in ("active", "draft", "retired")
)

KEYS = (
    Key(section="project", name="name", form="text", example='name = "acme"', required=True, check=values.filled),
    Key(section="project", name="dependencies", form="texts", example='dependencies = ["scikit-learn>=1.5"]',
        default=[]),
    Key(section="record", name="id", form="text", example='id = "lead_id"', default=""),
    Key(section="record", name="keep", form="texts", example='keep = ["email"]', default=[], check=values.distinct),
    Key(section="input", name="shape", form="text", example='shape = "flat"', default="flat",
        check=values.one_of("flat", "nested")),
    Key(section="input", name="separator", form="text", example='separator = ";"', check=values.separator),
    Key(section="input", name="encoding", form="text", example='encoding = "utf-8"', check=values.encoding),
    Key(section="input", name="null", form="texts", example='null = ["unknown"]', default=[]),
    Key(section="input", name="true", form="texts", example='true = ["yes"]', default=[]),
    Key(section="input", name="false", form="texts", example='false = ["no"]', default=[]),
    Key(section="input", name="date_formats", form="texts", example='date_formats = ["%d.%m.%Y"]', default=[],
        check=values.date_formats),
    Key(section="input", name="decimal", form="text", example='decimal = ","', default=".",
        check=values.one_of(".", ",")),
    Key(section="input", name="min_records", form="whole", example="min_records = 1000", default=0,
        check=values.at_least(0)),
    Key(section="store", name="url", form="text", example='url = "sqlite:///mlsm.db"', default="sqlite:///mlsm.db",
        check=values.url),
    Key(section="store", name="inputs", form="text", example='inputs = "none"', default="none",
        check=values.one_of("keep", "hash", "none")),
    Key(section="store", name="keep", form="text", example='keep = "90d"', default="", check=values.period),
    Key(section="store", name="patience", form="number", example="patience = 30", default=PATIENCE_SECONDS,
        check=values.seconds),
    Key(section="run", name="part_rows", form="whole", example="part_rows = 25000", default=25_000,
        check=values.at_least(1)),
    Key(section="run", name="workers", form="count", example='workers = 2, or workers = "auto"', default="auto",
        check=values.workers),
    Key(section="run", name="max_failed", form="number", example="max_failed = 0.01", default=0.01,
        check=values.share),
    Key(section="breaker", name="share", form="number", example="share = 0.5", default=0.5, check=values.share),
    Key(section="breaker", name="window", form="whole", example="window = 1000", default=1_000,
        check=values.at_least(1)),
    Key(section="breaker", name="draft_share", form="number", example="draft_share = 0.5", default=0.5,
        check=values.share),
    Key(section="breaker", name="draft_window", form="whole", example="draft_window = 200", default=200,
        check=values.at_least(1)),
    Key(section="breaker", name="cooldown", form="number", example="cooldown = 30", default=30.0,
        check=values.at_least(0)),
    Key(section="failing", name="on_failure", form="text", example='on_failure = "last_good"', default="skip",
        check=values.one_of("skip", "last_good")),
    Key(section="failing", name="models", form="table", example='fit = "last_good" below [failing.models]',
        default={}),
    Key(section="isolation", name="default", form="text", example='default = "process"',
        check=values.one_of("inline", "process", "env")),
    Key(section="isolation", name="timeout", form="number", example="timeout = 2.5", check=values.seconds),
    Key(section="isolation", name="part_timeout", form="number", example="part_timeout = 60", check=values.seconds),
    Key(section="isolation", name="memory", form="text", example='memory = "512MB"', check=values.memory),
    Key(section="isolation", name="python", form="text", example='python = ".venv-old/bin/python"',
        check=values.filled),
    Key(section="isolation", name="variables", form="texts", example='variables = ["HTTPS_PROXY"]', default=[]),
    Key(section="isolation", name="models", form="table", example='fit = "process" below [isolation.models]',
        default={}),
    Key(section="git", name="hosts", form="texts", example='hosts = ["git.example.com"]', default=[],
        check=values.distinct),
    Key(section="models", name="paths", form="texts", example='paths = ["models"]', default=["models"],
        check=values.sources),
    *STATUS_KEYS,
)  # fmt: skip
"""The order is that in which a reader of `mlsm.toml` meets them."""

COLUMNS = "columns"
"""The section whose keys are the names of fields and models."""

ENTRIES = ("model", "summary")
"""The arrays of tables that declare models: `[[model]]`, `[[summary]]`."""

ARRAYS = (*ENTRIES, "source")
"""All arrays of tables; `[[source]]` names where models come from."""

SECTIONS = (*dict.fromkeys(key.section for key in KEYS), COLUMNS)
