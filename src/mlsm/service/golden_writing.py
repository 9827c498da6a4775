"""Writing golden records: what a model answers today, to be held against what it answers later."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from mlsm._catalog import Catalog, CatalogLike
from mlsm._fields import Reading
from mlsm._model import Model
from mlsm._result import Outcome, Result
from mlsm.checks import CLOCK, Finding
from mlsm.checks.golden import Ways, ask_batch, check_golden
from mlsm.checks.golden_file import Golden, golden_text, read_golden_text
from mlsm.contracts import Reader
from mlsm.errors import InputError
from mlsm.project.checkout import checkout_of
from mlsm.service.checking import check, golden_ways, named_models
from mlsm.service.golden_files import find_golden, shown_place
from mlsm.service.golden_records import Drafted, sampled_records, summary_records, typical_of
from mlsm.writers.place import Aside

__all__ = ["Written", "write_golden"]

_FINDINGS_MAX = 5
_HINT = "With --force (force=True) a file is written anew; what it holds for other versions stays."


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written for one model version, or why nothing was.

    Args:
        model: its key.
        file: the file, as people call it.
        typical: how many records were made from the fields.
        sampled: how many are rows of an input.
        outcomes: how many of them have which outcome.
        replaced: how many records of this version the file held before.
        kept: how many of other versions it holds still.
        findings: what is wrong with the model; where there is something, nothing was written.
    """

    model: str
    file: str
    typical: int = 0
    sampled: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    replaced: int = 0
    kept: int = 0
    findings: tuple[Finding, ...] = ()


def write_golden(
    catalog: CatalogLike,
    names: Iterable[str] = (),
    *,
    folder: Path | None = None,
    reading: Reading | None = None,
    rows: Reader | None = None,
    as_of: datetime = CLOCK,
    force: bool = False,
    seed: int = 0,
) -> Iterator[Written]:
    """Write golden records of models that pass their checks, one model after the other.

    They are made from the fields, and sampled from an input where there is one; only the
    columns that a model reads are written. For a summary, its upstreams are asked about them.

    Args:
        catalog: a catalog, or models that make one.
        names: names or keys of the models, all that run unless given.
        folder: where the paths of the models' files start from: the project's folder.
        reading: how the data spells values.
        rows: an input to take rows from.
        as_of: the clock that the models see.
        force: whether a file that is there is written anew: what it holds for other versions stays.
        seed: as for `check`.

    Raises:
        InputError: a file is there already, or cannot be written; nothing was written.
        UnknownNameError: no model that runs has such a name.
    """
    catalog = Catalog.of(catalog)
    models = named_models(catalog, names)
    writer = _Writer(catalog, folder, Reading() if reading is None else reading, rows, as_of, seed)
    writer.refuse(models, force=force)
    return map(writer.write, models)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the golden records of one model after the other."""

    catalog: Catalog
    folder: Path | None
    reading: Reading
    rows: Reader | None
    as_of: datetime
    seed: int

    def refuse(self, models: Sequence[Model], *, force: bool) -> None:
        """Find out before anything is written what cannot be.

        Raises:
            InputError: it tells everything that stands in the way.
        """
        if abroad := [model.key for model in models if self._fetched(model)]:
            raise InputError(
                f"Golden records cannot be written for {', '.join(abroad)}, from a git repository; expected "
                "models whose files are people's own.",
                hint="Write them in that repository, by the same command, and commit them.",
            )
        problems = [problem for model in models for problem in self._in_the_way(model, force=force)]
        if problems:
            raise InputError(
                "Golden records cannot be written:",
                problems=list(dict.fromkeys(problems)),
                hint="Mend or remove it." if force else _HINT,
            )

    def _fetched(self, model: Model) -> bool:
        """Tell whether the records would go to the cache, whose files must stay as they were fetched."""
        target = find_golden(self.catalog, model, self.folder).target
        return target is not None and checkout_of(target) is not None

    def _in_the_way(self, model: Model, *, force: bool) -> Iterator[str]:
        found = find_golden(self.catalog, model, self.folder)
        if found.target is None:
            yield _no_file(model)
            return
        if force:
            yield from found.mistakes
        elif found.files or found.mistakes:
            shown = shown_place(model, found.target, self.folder)
            yield f"{shown!r} is there already; expected none for {model.name!r}."
        if force and len(found.files) > 1:
            yield f"{model.key!r} has several files, {' and '.join(map(repr, found.files))}; expected one."
        if found.inside:
            beside = f"{found.target.parent}.golden.ndjson"
            yield f"{found.files[0]!r} is a part of {model.key!r}, whose digest it decides; expected it at {beside!r}."
        if self.rows is not None:
            there = set(self.rows.facts().names)
            needed = [f.column for each in (model, *self._upstreams(model)) for f in each.inputs if f.required]
            if lacking := [column for column in dict.fromkeys(needed) if column not in there]:
                yield f"{model.key!r} needs {', '.join(map(repr, lacking))}, not in {self.rows.source!r}."

    def _upstreams(self, model: Model) -> list[Model]:
        """Give all that a model stands on."""
        return [each for each in self.catalog.only([model.key]).running if each.key != model.key]

    def write(self, model: Model) -> Written:
        """Check a model and write its records."""
        found = find_golden(self.catalog, model, self.folder)
        if found.target is None:
            raise InputError(_no_file(model))
        done = Written(model=model.key, file=shown_place(model, found.target, self.folder))
        wrong = check(self.catalog, [model.key], reading=self.reading, seed=self.seed, folder=self.folder, golden=False)
        if wrong:
            return replace(done, findings=tuple(wrong))
        ways = golden_ways(self.catalog, model, self.reading)
        drafted = self._drafted(model, ways)
        goldens = [self._golden(model, draft) for draft in drafted]
        results = ask_batch(ways, goldens)
        if failed := _failed(model, drafted, results):
            return replace(done, findings=tuple(failed))
        goldens = [replace(golden, expect=_expect(result)) for golden, result in zip(goldens, results, strict=True)]
        text = golden_text(model.name, [*found.others, *goldens])
        again = [g for g in read_golden_text(text, done.file).records if g.version == model.version]
        if differing := check_golden(model, ways, again):
            return replace(done, findings=tuple(differing[:_FINDINGS_MAX]))
        place = Aside(found.target)
        place.open().write(text.encode())
        place.publish()
        return replace(
            done,
            typical=sum(draft.origin is None for draft in drafted),
            sampled=sum(draft.origin is not None for draft in drafted),
            outcomes=Counter(str(result.outcome) for result in results),
            replaced=len(found.records),
            kept=len(found.others),
        )

    def _drafted(self, model: Model, ways: Ways) -> list[Drafted]:
        upstreams = self._upstreams(model)
        drafted = [*typical_of(model, upstreams, self.reading)]
        if self.rows is not None:
            drafted += sampled_records(self.rows, {f.column for each in (model, *upstreams) for f in each.inputs})
        if ways.upstreams:
            drafted = summary_records(self.catalog, model, drafted, self.reading, self.as_of)
        own = {f.column for f in model.inputs}
        cut = [
            replace(draft, record={name: value for name, value in draft.record.items() if name in own})
            for draft in drafted
        ]
        return list({json.dumps([draft.record, draft.given]): draft for draft in reversed(cut)}.values())[::-1]

    def _golden(self, model: Model, draft: Drafted) -> Golden:
        return Golden(
            place="",
            version=model.version,
            record=draft.record,
            given=draft.given,
            expect={},
            as_of=self.as_of,
            tolerance=model.tolerance,
        )


def _no_file(model: Model) -> str:
    return f"{model.key!r} comes from no file; expected one for the records to lie beside."


def _failed(model: Model, drafted: Sequence[Drafted], results: Sequence[Result]) -> list[Finding]:
    """Tell of records on which the model fails: that is nothing to hold it to."""
    findings = []
    for draft, result in zip(drafted, results, strict=True):
        if result.outcome.failed and result.outcome is not Outcome.SKIPPED:
            told = "" if result.error is None else f", {result.error.type}: {result.error.message}".rstrip(".")
            what = (
                f"With {draft.origin or 'a typical record'} the outcome is {result.outcome}{told}; expected no failure."
            )
            findings.append(Finding(model=model.key, check="outcome", what=what, record=draft.record))
    return findings[:_FINDINGS_MAX]


def _expect(result: Result) -> dict[str, Any]:
    expect: dict[str, Any] = {"outcome": str(result.outcome)}
    if result.outcome is Outcome.OK:
        expect |= {"score": result.score, "label": result.label}
        expect |= {} if result.output is None else {"output": result.output}
        expect |= {} if result.reasons is None else {"reasons": msgspec.to_builtins(result.reasons)}
    return expect
