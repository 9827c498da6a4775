"""The results of one part as one wide frame, and the ways to read it.

Inside, a part is wide: one row a record, and per model version the facets `outcome` (a
small integer), `score` (float64), `label`, and, as JSON text, `output`, `reasons`, `error`,
`substitute`. A facet that is null throughout has no column. Long rows exist only at the
store and in `--out`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from mlsm._result import OUTCOMES, Failure, Given, Outcome, Reasons, Result, Substitute
from mlsm._typing import Lane

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "FACETS",
    "GIVEN",
    "KEPT",
    "KEPT_OBJECT",
    "Batch",
    "ModelColumns",
    "Trace",
    "facet",
    "given_column",
    "kept_titles",
    "long_schema",
    "outcome_names",
    "read_result",
    "wide_titles",
    "widen",
]

Facet: TypeAlias = Literal["outcome", "score", "label", "output", "reasons", "error", "substitute"]
FACETS: tuple[Facet, ...] = ("outcome", "score", "label", "output", "reasons", "error", "substitute")
GIVEN = "given"
"""Name of the column beside a model's facets that holds what `given_column` does."""
KEPT = "keep "
"""Prefix of the columns that travel untouched; no model's key has white space, so that none collides with a facet."""
KEPT_OBJECT = f"{KEPT}\0"
"""Name of the column that has the kept columns as one JSON object, where a store hands them on to another."""


def facet(key: str, name: Facet) -> str:
    """Name the column that holds a facet of a model version's results."""
    return f"{key}.{name}"


def given_column(key: str) -> str:
    """Name the column that says what a summary was handed where that is not what `ModelColumns` says.

    It is there where a last good score stood in, as JSON text, null for the other records.
    """
    return f"{key}.given"


def outcome_names(codes: pl.Expr) -> pl.Expr:
    """Spell outcomes that a column holds as codes."""
    import polars as pl

    return _named(codes).cast(pl.String)


def _named(codes: pl.Expr) -> pl.Expr:
    """Name outcomes in a column that has each name once: a file of it is written in a tenth of the time."""
    import polars as pl

    names = [str(outcome) for outcome in OUTCOMES]
    return pl.lit(pl.Series(names, dtype=pl.Enum(names))).gather(codes)


def long_schema() -> dict[str, pl.DataType]:
    """Give the columns of results in long form, in order, with their polars types."""
    import polars as pl

    moment = pl.Datetime("us", "UTC")
    text = pl.String()
    return {
        "record_id": text,
        "model": text,
        "version": text,
        "status": text,
        "outcome": text,
        "score": pl.Float64(),
        "label": text,
        "output": text,
        "reasons": text,
        "error": text,
        "substitute": text,
        "given": text,
        "run_id": text,
        "as_of": moment,
        "scored_at": moment,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The traceback of one of the first distinct errors of a model in a part."""

    model: str
    type: str
    message: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelColumns:
    """Whose columns these are: one model version, in the order of the catalog.

    `given` names the upstreams that a summary was handed wherever it was called.
    """

    name: str
    version: str
    status: str
    given: tuple[Given, ...] = ()

    @property
    def key(self) -> str:
        """Give `name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def source(self) -> tuple[str, str, str]:
        """Give name, version and status."""
        return self.name, self.version, self.status

    def of_run(self, run_id: str | None) -> ModelColumns:
        """Give the same, handed results of one run."""
        if run_id is None or not self.given:
            return self
        return replace(self, given=tuple(msgspec.structs.replace(one, run_id=run_id) for one in self.given))

    @property
    def lane(self) -> Lane:
        """Tell in which half of a part these results are committed."""
        return "active" if self.status == "active" else "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The results of one part: one row a record, in the order of the input.

    Args:
        part: the part's number in its run, from 0.
        models: the model versions, in the order of the catalog.
        frame: `record_id`, the kept columns (`keep <name>`), and the facets of every model.
        as_of: the clock that the models saw, UTC.
        scored_at: the time of day at which the part was scored, UTC.
        run_id: the run, None where nothing is stored.
        inputs: the columns that the models read, a row a record, where the project keeps them.
        traces: tracebacks of the first distinct errors, for the log.
    """

    part: int
    models: tuple[ModelColumns, ...]
    frame: pl.DataFrame
    as_of: datetime
    scored_at: datetime
    run_id: str | None = None
    inputs: pl.DataFrame | None = None
    traces: tuple[Trace, ...] = ()

    def __len__(self) -> int:
        return self.frame.height

    @classmethod
    def empty(cls) -> Batch:
        """Give a batch of no record and no model."""
        import polars as pl

        moment = datetime.min.replace(tzinfo=UTC)
        frame = pl.DataFrame(schema={"record_id": pl.String})
        return cls(part=0, models=(), frame=frame, as_of=moment, scored_at=moment)

    def rows(self, start: int, length: int) -> Batch:
        """Give some of the rows."""
        return replace(self, frame=self.frame.slice(start, length))

    def lane(self, lane: Lane) -> Batch:
        """Give the half of this part that is committed in one lane."""
        models = tuple(model for model in self.models if model.lane == lane)
        wanted = {facet(model.key, name) for model in models for name in FACETS}
        wanted |= {given_column(model.key) for model in models}
        shared = [name for name in self.frame.columns if name == "record_id" or name.startswith(KEPT)]
        columns = [*shared, *(name for name in self.frame.columns if name in wanted)]
        return replace(self, models=models, frame=self.frame.select(columns))

    def column(self, key: str, name: Facet) -> pl.Series | None:
        """Give one facet of one model version, None where it is null throughout."""
        column = facet(key, name)
        return self.frame.get_column(column) if column in self.frame.columns else None

    def counts(self) -> dict[str, dict[Outcome, int]]:
        """Count results by model version and outcome."""
        counted = {}
        for model in self.models:
            codes = self.frame.get_column(facet(model.key, "outcome"))
            if len(codes) and codes.max() == Outcome.OK.code:
                counted[model.key] = {Outcome.OK: len(codes)}
                continue
            table = codes.value_counts()
            counted[model.key] = {OUTCOMES[code]: count for code, count in sorted(table.iter_rows())}
        return counted

    def long(self) -> pl.DataFrame:
        """Give one row a result, record by record, with the columns of `long_schema`."""
        import polars as pl

        place = pl.int_range(pl.len(), dtype=pl.UInt32).alias("place")
        rows = [
            self._model_rows(model).with_columns(place, pl.lit(order, pl.UInt32).alias("order"))
            for order, model in enumerate(self.models)
        ]
        if not rows:
            return pl.DataFrame(schema=long_schema())
        return pl.concat(rows).sort("place", "order").drop("place", "order")

    def _model_rows(self, model: ModelColumns) -> pl.DataFrame:
        import polars as pl

        codes = pl.col(facet(model.key, "outcome"))
        called = codes.is_in([Outcome.OK.code, Outcome.ABSTAINED.code, Outcome.ERROR.code])
        given = msgspec.json.encode(model.given).decode() if model.given else None
        told = pl.lit(given, pl.String)
        if (stale := given_column(model.key)) in self.frame.columns:
            told = pl.coalesce(stale, told)
        constant = {
            "model": pl.lit(model.name),
            "version": pl.lit(model.version),
            "status": pl.lit(model.status),
            "outcome": outcome_names(codes),
            "given": pl.when(called).then(told),
            "run_id": pl.lit(self.run_id, pl.String),
            "as_of": pl.lit(self.as_of),
            "scored_at": pl.lit(self.scored_at),
        }
        columns = []
        for name, dtype in long_schema().items():
            source = facet(model.key, name) if name in FACETS else name
            if name in constant:
                expression = constant[name]
            elif source in self.frame.columns:
                expression = pl.col(source)
            else:
                expression = pl.lit(None, dtype)
            columns.append(expression.cast(dtype).alias(name))
        return self.frame.select(columns)

    def wide(self) -> pl.DataFrame:
        """Give one row a record: its id, the kept columns, and three columns a model.

        An active model's columns are named `<name>`, `<name>.label`, `<name>.outcome`; a
        draft's start with `<name>@<version>`. The first is the score. A kept column of such a
        name has `keep:` before it.
        """
        import polars as pl

        shown = {model.key: model.name if model.lane == "active" else model.key for model in self.models}
        titles = wide_titles(shown.values())
        taken = {"record_id", *titles.values()}
        kept = [name.removeprefix(KEPT) for name in self.frame.columns if name.startswith(KEPT)]
        columns = [pl.col("record_id")]
        columns += [pl.col(KEPT + name).alias(title) for name, title in kept_titles(kept, taken).items()]
        for key, name in shown.items():
            label = facet(key, "label")
            columns += [
                pl.col(facet(key, "score")).alias(titles[name, "score"]),
                (pl.col(label) if label in self.frame.columns else pl.lit(None, pl.String)).alias(
                    titles[name, "label"]
                ),
                _named(pl.col(facet(key, "outcome"))).alias(titles[name, "outcome"]),
            ]
        return self.frame.select(columns)

    def results(self) -> Iterator[Result]:
        """Yield every result, record by record, in the order of the catalog."""
        for row in self.long().iter_rows():
            yield read_result(row)


def kept_titles(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Name kept columns beside others; one whose name is taken has `keep:` before it.

    Example:
        >>> kept_titles(["email", "owner"], {"record_id", "email"})
        {'email': 'keep:email', 'owner': 'owner'}
    """
    titles: dict[str, str] = {}
    for name in names:
        title = name
        while title in taken or title in titles.values():
            title = f"keep:{title}"
        titles[name] = title
    return titles


def wide_titles(
    names: Iterable[str], facets: Sequence[str] = ("score", "label", "outcome")
) -> dict[tuple[str, str], str]:
    """Name the columns of models side by side; one whose name is taken has `model:` before it.

    Example:
        >>> wide_titles(["fit", "fit.label"], ["score", "label"])[("fit.label", "score")]
        'model:fit.label'
    """
    titles: dict[tuple[str, str], str] = {}
    taken = {"record_id"}
    for name in names:
        for each in facets:
            title = name if each == "score" else f"{name}.{each}"
            while title in taken:
                title = f"model:{title}"
            taken.add(title)
            titles[name, each] = title
    return titles


def widen(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn long rows (and a text column `kept`, if there is one) into the form of `Batch.wide`.

    The models' columns come in the order in which they first occur.
    """
    import polars as pl

    active = pl.col("status") == "active"
    shown = pl.when(active).then("model").otherwise(pl.concat_str("model", pl.lit("@"), "version"))
    named = frame.with_columns(shown.alias("shown"))
    wide = named.select("record_id", *(["kept"] if "kept" in frame.columns else [])).unique(
        "record_id", keep="first", maintain_order=True
    )
    names = named.get_column("shown").unique(maintain_order=True).to_list()
    titles = wide_titles(names)
    for name in names:
        renamed = [pl.col(each).alias(titles[name, each]) for each in ("score", "label", "outcome")]
        own = named.filter(pl.col("shown") == name).select("record_id", *renamed)
        wide = wide.join(own, on="record_id", how="left", maintain_order="left")
    return wide


def read_result(row: Sequence[Any]) -> Result:
    """Build a result from one row in the order of `long_schema`; JSON columns are text."""
    record_id, model, version, status, outcome, score, label, output, reasons, error, substitute, given, *rest = row
    run_id, as_of, scored_at = rest
    return Result(
        record_id=record_id,
        model=model,
        version=version,
        status=status,
        outcome=Outcome(outcome),
        score=score,
        label=label,
        output=None if output is None else msgspec.json.decode(output),
        reasons=None if reasons is None else msgspec.json.decode(reasons, type=Reasons),
        error=None if error is None else msgspec.json.decode(error, type=Failure),
        substitute=None if substitute is None else msgspec.json.decode(substitute, type=Substitute),
        given=() if given is None else msgspec.json.decode(given, type=tuple[Given, ...]),
        run_id=run_id,
        as_of=_utc(as_of),
        scored_at=_utc(scored_at),
    )


def _utc(moment: datetime | None) -> datetime | None:
    """Speak of the same UTC as everywhere else; polars has a time zone object of its own."""
    return None if moment is None else moment.replace(tzinfo=UTC)
