"""An immutable set of models, and which version of each name is active."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeAlias

from mlsm._digest import digest_of
from mlsm._model import STATUSES, Model, RuleSummary, SummaryModel, check_key, home_of, split_key
from mlsm._spelling import meant
from mlsm.errors import CatalogError, DeclarationError, UnknownNameError

__all__ = ["Catalog", "CatalogLike"]


class Catalog(Mapping[str, Model]):
    """Models by `name@version`, in the order given; every mistake is found here.

    Args:
        models: models and summaries, active, draft or retired.

    Raises:
        CatalogError: a key occurs twice, two versions of a name are active, a status is
            none of three, a summary names what is not there, stands on itself, or is
            active and stands on a draft; or a declared summary stands on what does not compare.
            All problems are told at once.

    Example:
        >>> fit = Model("fit", {"employees": int}, "1", lambda data, results: 1.0, "active")
        >>> catalog = Catalog([fit, fit.with_status("draft")])
        Traceback (most recent call last):
        mlsm.errors.CatalogError: These models cannot stand in one catalog:
          - 'fit@1' occurs twice.
        Hint: Give each its own version; a version is any text.
        >>> Catalog([fit]).with_draft("fit@1")["fit@1"].status
        'draft'
    """

    __slots__ = ("_active", "_models", "_order", "_upstreams", "ready")

    def __init__(self, models: Iterable[Model]) -> None:
        listed: list[Any] = list(models)
        problems = _declared(listed)
        self._models: dict[str, Model] = {model.key: model for model in listed if isinstance(model, Model)}
        self._active = {model.name: model for model in self._models.values() if model.status == "active"}
        self._upstreams: dict[str, dict[str, str]] = {}
        self.ready: dict[Any, Any] = {}  # what the service made of this catalog, by reading and shape
        self._order: tuple[Model, ...] = ()
        hint = None
        if not problems:
            problems += [*self._resolve_all(), *self._sort()]
            incomparable, hint = self._bind()
            problems += incomparable
        elif any("occurs twice" in problem for problem in problems):
            hint = "Give each its own version; a version is any text."
        if problems:
            raise CatalogError("These models cannot stand in one catalog:", problems=problems, hint=hint)

    @classmethod
    def of(cls, models: CatalogLike) -> Catalog:
        """Take a catalog as it is, or make one of a model or of several.

        Example:
            >>> fit = Model("fit", {"x": int}, "1", lambda data, results: 1.0, "active")
            >>> Catalog.of(fit) == Catalog.of([fit]), list(Catalog.of([fit]))
            (True, ['fit@1'])
        """
        if isinstance(models, Catalog):
            return models
        return cls([models] if isinstance(models, Model) else models)

    def __getitem__(self, key: str) -> Model:
        return self._models[self._key(key)]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and (key in self._models or key in self._active)

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    def __repr__(self) -> str:
        return f"Catalog({[f'{model.key} {model.status}' for model in self._models.values()]})"

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Catalog) and list(self._models.values()) == list(other._models.values())

    @property
    def running(self) -> tuple[Model, ...]:
        """Give the models that run, active and draft, in the catalog's order."""
        return tuple(model for model in self._models.values() if model.status != "retired")

    @property
    def order(self) -> tuple[Model, ...]:
        """Give the models that run, each after all that it stands on."""
        return self._order

    @property
    def digest(self) -> str:
        """Hash the keys, statuses and digests of all models: `sha256:<hex>`."""
        return digest_of({"models": [(model.key, model.status, model.digest) for model in self._models.values()]})

    def upstreams(self, key: str) -> dict[str, str]:
        """Give what a summary stands on: parameter to key, {} for a plain model.

        Example:
            >>> fit = Model("fit", {"x": int}, "1", lambda data, results: 1.0, "active")
            >>> best = SummaryModel("best", ["fit"], "1", lambda data, results: 1.0)
            >>> Catalog([fit, best]).upstreams("best@1")
            {'fit': 'fit@1'}
        """
        return dict(self._upstreams.get(self._key(key), {}))

    def with_active(self, key: str) -> Catalog:
        """Give a catalog in which this version is active and the former one a draft.

        Example:
            >>> fit = Model("fit", {"x": int}, "1", lambda data, results: 1.0, "active")
            >>> catalog = Catalog([fit, fit.with_version("2").with_status("draft")]).with_active("fit@2")
            >>> [(model.key, model.status) for model in catalog.values()]
            [('fit@1', 'draft'), ('fit@2', 'active')]
        """
        chosen = self[key]
        changed = []
        for model in self._models.values():
            if model.key == chosen.key:
                changed.append(model.with_status("active"))
            elif model.name == chosen.name and model.status == "active":
                changed.append(model.with_status("draft"))
            else:
                changed.append(model)
        return Catalog(changed)

    def with_draft(self, key: str) -> Catalog:
        """Give a catalog in which this version is a draft.

        Example:
            >>> fit = Model("fit", {"x": int}, "1", lambda data, results: 1.0, "active")
            >>> Catalog([fit]).with_draft("fit@1")["fit@1"].status
            'draft'
        """
        chosen = self._key(key)
        return Catalog(m.with_status("draft") if m.key == chosen else m for m in self._models.values())

    def only(self, names: Iterable[str]) -> Catalog:
        """Give a catalog of the models named (by name or key) and all that they stand on.

        Raises:
            UnknownNameError: no model has such a name.

        Example:
            >>> fit = Model("fit", {"x": int}, "1", lambda data, results: 1.0, "active")
            >>> size = Model("size", {"x": int}, "1", lambda data, results: 1.0)
            >>> list(Catalog([fit, size]).only(["fit"]))
            ['fit@1']
        """
        wanted = [model for name in names for model in self._matching(name)]
        keep: set[str] = set()
        while wanted:
            model = wanted.pop()
            if model.key not in keep:
                keep.add(model.key)
                wanted += [self._models[key] for key in self._upstreams.get(model.key, {}).values()]
        return Catalog(model for model in self._models.values() if model.key in keep)

    def _matching(self, name: str) -> list[Model]:
        found = [model for model in self._models.values() if name in (model.key, model.name)]
        return found or [self[name]]

    def _key(self, reference: str) -> str:
        if reference in self._models:
            return reference
        if reference in self._active:
            return self._active[reference].key
        versions = [key for key in self._models if split_key(key)[0] == split_key(reference)[0]]
        raise UnknownNameError(
            f"No model {reference!r} in the catalog.", hint=meant(reference, versions or self._models)
        )

    def _resolve_all(self) -> list[str]:
        problems: list[str] = []
        for model in self.running:
            if isinstance(model, SummaryModel):
                found = {name: self._resolve(model, ref, problems) for name, ref in model.upstreams.items()}
                self._upstreams[model.key] = {name: key for name, key in found.items() if key is not None}
        return problems

    def _resolve(self, summary: SummaryModel, reference: str, problems: list[str]) -> str | None:
        name, version = split_key(reference)
        upstream = self._active.get(name) if version is None else self._models.get(reference)
        if upstream is None and (version is not None or summary.status == "draft"):
            upstream = self._models.get(summary.siblings.get(reference, ""))
        versions = [key for key in self._models if split_key(key)[0] == name]
        if upstream is None:
            missing = f"no version of {name!r} is active" if version is None and versions else "there is no such model"
            known = f"expected one of {', '.join(versions or self._models)}"
            problems.append(f"{summary.key!r} stands on {reference!r}, but {missing}; {known}.")
        elif upstream.status == "retired":
            problems.append(f"{summary.key!r} stands on {upstream.key!r}, which is retired.")
        elif summary.status == "active" and upstream.status != "active":
            problems.append(f"{summary.key!r} is active, but {upstream.key!r} that it stands on is a draft.")
        else:
            return upstream.key
        return None

    def _sort(self) -> list[str]:
        graph = {model.key: tuple(self._upstreams.get(model.key, {}).values()) for model in self.running}
        try:
            self._order = tuple(self._models[key] for key in TopologicalSorter(graph).static_order())
        except CycleError as error:
            return [f"These summaries stand on each other: {' -> '.join(error.args[1])}."]
        return []

    def _bind(self) -> tuple[list[str], str | None]:
        """Have the declared summaries take over what their upstreams have in common.

        Returns:
            Why upstreams do not compare, and the ways out. Nothing is said of a summary over
            one that is refused, or whose upstreams are not all there.
        """
        problems: list[str] = []
        hints: dict[str | None, None] = {}
        refused: set[str] = set()
        for model in [model for model in self._order if isinstance(model, RuleSummary)]:
            found = self._upstreams[model.key]
            if len(found) < len(model.upstreams) or not refused.isdisjoint(found.values()):
                refused.add(model.key)
                continue
            try:
                bound = model.bound_to({name: self._models[key] for name, key in found.items()})
            except DeclarationError as error:
                problems += error.problems
                hints[error.hint] = None
                refused.add(model.key)
                continue
            self._models[bound.key] = bound
            if bound.status == "active":
                self._active[bound.name] = bound
        self._order = tuple(self._models[model.key] for model in self._order)
        return problems, " ".join(hint for hint in hints if hint) or None


CatalogLike: TypeAlias = Catalog | Model | Iterable[Model]
"""A catalog, or what one can be made of."""


def _declared(models: list[Any]) -> list[str]:
    """Check each model by itself and the keys together."""
    problems = []
    seen: set[str] = set()
    active: dict[str, str] = {}
    for model in models:
        if not isinstance(model, Model):
            problems.append(f"{model!r} is no model; expected mlsm.Model or mlsm.SummaryModel.")
            continue
        problems += _alone(model)
        if model.key in seen:
            problems.append(f"{model.key!r} occurs twice.")
        elif model.status == "active" and model.name in active:
            problems.append(f"{model.key!r} and {active[model.name]!r} are both active; expected one a name.")
        seen.add(model.key)
        if model.status == "active":
            active.setdefault(model.name, model.key)
    return problems


def _alone(model: Model) -> list[str]:
    problems = []
    try:
        check_key(model.name, model.version)
        _ = model.inputs
        if isinstance(model, SummaryModel):
            _ = model.required
    except DeclarationError as error:
        problems.append(f"{model.key!r}: {error.message}")
    problems += _isolated_wrongly(model)
    if model.range is not None and not model.range[0] <= model.range[1]:
        problems.append(f"{model.key!r} declares the range {model.range}; expected the least score, then the greatest.")
    if model.status not in STATUSES:
        problems.append(f"{model.key!r} has the status {model.status!r}; expected one of {', '.join(STATUSES)}.")
    return problems


def _isolated_wrongly(model: Model) -> list[str]:
    """Check where the model is to run; one that is to run elsewhere is looked for now."""
    problems = [f"{model.key!r} {problem}" for problem in model.isolation.problems()]
    if model.isolation.isolated and not problems:
        try:
            home_of(model)
        except DeclarationError as error:
            problems.append(error.message)
    return problems
