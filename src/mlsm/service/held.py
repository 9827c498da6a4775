"""What the store holds already of the run at hand: only the rest is scored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from mlsm._batch import FACETS
from mlsm._result import OUTCOMES, Failure
from mlsm._typing import LANES, Lane
from mlsm.contracts import OpenRun, Selection, Store
from mlsm.engine.order import Prepared, Step
from mlsm.service.inputs import Cut
from mlsm.service.preparing import NotRowWise

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Held"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The lanes of a run that are committed, and what they say.

    A kill may come between the two lanes of a part: then the models of the one are not
    called again, and what the other stands on is read back.

    Args:
        prepared: the catalog, made ready.
        store: where the run is kept, None for nowhere.
        opened: the run.
    """

    prepared: Prepared
    store: Store | None = None
    opened: OpenRun | None = None

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Give the lanes that each part has, the active one first."""
        scored = {model.lane for model in self.prepared.models}
        return tuple(lane for lane in LANES if lane in scored)

    @property
    def whole(self) -> frozenset[int]:
        """Give the parts of which nothing is missing."""
        done = frozenset() if self.opened is None else self.opened.done
        return frozenset(part for part, _ in done if not self._missing(part))

    def rest(self, cuts: Iterable[Cut]) -> Iterator[Cut]:
        """Yield cuts, each with the lanes that are missing and the answers on which these stand."""
        for cut in cuts:
            missing = self._missing(cut.number)
            yield replace(cut, lanes=missing, answered=self._answers(cut, missing))

    def verdicts(self) -> dict[str, Failure | None]:
        """Tell which batch models were found row-wise, and why not where not.

        Each was asked on the first part of the run, and what was found then holds for all
        parts: asked again on another one, it might answer otherwise than it did.
        """
        if self.store is None or self.opened is None or not self.opened.done:
            return {}
        asked = {step.model.key: step for step in self.prepared.steps if not step.predictor.by_row}
        found: dict[str, Failure | None] = {}
        if not asked:
            return found
        for frame in self.store.results(self.opened.run_id, Selection(models=tuple(asked))):
            for key, own in _by_model(frame, asked.keys() - found.keys()).items():
                if _was_asked(asked[key], own):
                    found[key] = _verdict(own)
            if found.keys() == asked.keys():
                break
        return found

    def _missing(self, part: int) -> tuple[Lane, ...]:
        if self.opened is None:
            return self.lanes
        return tuple(lane for lane in self.lanes if (part, lane) not in self.opened.done)

    def _answers(self, cut: Cut, missing: tuple[Lane, ...]) -> Mapping[str, pl.DataFrame]:
        """Read back the answers of committed models on which some of the missing lanes stand."""
        models = self.prepared.models
        stand = {
            place for step in self.prepared.steps if step.columns.lane in missing for place in step.upstreams.values()
        }
        keys = tuple(models[place].key for place in sorted(stand) if models[place].lane not in missing)
        if not keys or self.store is None or self.opened is None:
            return {}
        (stored,) = self.store.results(self.opened.run_id, Selection(models=keys), part=cut.number)
        ids = cut.ids.alias("record_id").to_frame()
        return {
            key: ids.join(_facets(own), on="record_id", how="left", maintain_order="left").drop("record_id")
            for key, own in _by_model(stored, keys).items()
        }


def _by_model(frame: pl.DataFrame, keys: Iterable[str]) -> dict[str, pl.DataFrame]:
    """Part results in long form by model version."""
    import polars as pl

    key = pl.format("{}@{}", "model", "version")
    return {wanted: frame.filter(key == wanted) for wanted in keys}


def _facets(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn results in long form of one model into its facets, as the engine has them."""
    import polars as pl

    codes = {outcome.value: outcome.code for outcome in OUTCOMES}
    code = pl.col("outcome").replace_strict(codes, return_dtype=pl.UInt8)
    return frame.select("record_id", code, *(name for name in FACETS if name != "outcome"))


def _was_asked(step: Step, answers: pl.DataFrame) -> bool:
    """Tell whether a part of these answers was enough to find out if the model is row-wise."""
    import polars as pl

    # Where a condition says that it does not apply the model was not called, yet abstains.
    called = ["ok"] if step.model.conditional else ["ok", "abstained"]
    return answers.filter(pl.col("outcome").is_in(called)).height > 1 or _verdict(answers) is not None


def _verdict(answers: pl.DataFrame) -> Failure | None:
    import polars as pl

    errors = answers.filter(pl.col("outcome") == "error").get_column("error").unique(maintain_order=True)
    failures = [msgspec.json.decode(text, type=Failure) for text in errors if NotRowWise.__name__ in text]
    return failures[0] if len(failures) == 1 and failures[0].type == NotRowWise.__name__ else None
