"""A model in a process of its own answers as inline, and takes nothing with it when it dies or hangs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.runtimes.isolated import bad

import mlsm
from mlsm._model import Isolation
from mlsm._result import Outcome
from mlsm.contracts import Isolated
from mlsm.errors import DeclarationError
from mlsm.runtimes.isolated.supervisor import Supervisor
from mlsm.service import prepared

RECORDS = [{"id": str(number), "x": number} for number in range(1_000)]


@pytest.fixture
def made() -> Iterator[Callable[..., mlsm.Catalog]]:
    """Give what makes catalogs whose processes are ended after the test."""
    catalogs = []

    def make(*models: mlsm.Model) -> mlsm.Catalog:
        catalogs.append(mlsm.Catalog(models))
        return catalogs[-1]

    yield make
    for catalog in catalogs:
        for step in prepared(catalog).steps:
            if isinstance(step.predictor, Isolated):
                step.predictor.end()


def failed(results: list[mlsm.Result]) -> dict[str, str]:
    """Give the outcomes other than `ok` by record."""
    return {result.record_id: str(result.outcome) for result in results if result.outcome is not Outcome.OK}


def of(model: mlsm.Model, results: mlsm.Scores) -> list[mlsm.Result]:
    """Give one model's results."""
    return [result for result in results if result.model == model.name]


def test_answers_are_those_of_inline(made: Callable[..., mlsm.Catalog]) -> None:
    """Scores, labels, outputs and errors are the same to the last bit, of functions, frames and summaries."""
    models = [bad.good, bad.raises, bad.summary, bad.framed_summary]
    records = [record for record in RECORDS if record["x"] != 11]
    isolated = list(mlsm.score(made(*models), records, id="id"))
    inline = list(mlsm.score(made(*(model.with_isolation(None) for model in models)), records, id="id"))
    assert [(r.key, r.outcome, r.score, r.label, r.output, r.error) for r in inline] == [
        (r.key, r.outcome, r.score, r.label, r.output, r.error) for r in isolated
    ]


def test_one_record_gets_what_it_gets_among_others(made: Callable[..., mlsm.Catalog]) -> None:
    """Records one by one are answered by the same worker in the same words."""
    catalog = made(bad.good, bad.raises, bad.summary, bad.framed_summary)
    together = list(mlsm.score(catalog, RECORDS[:12], id="id"))
    alone = [result for record in RECORDS[:12] for result in mlsm.score_one(catalog, record)]
    assert [(r.key, r.outcome, r.score, r.output, r.error) for r in together] == [
        (r.key, r.outcome, r.score, r.output, r.error) for r in alone
    ]


def test_an_interrupt_that_a_model_raises_is_an_error(made: Callable[..., mlsm.Catalog]) -> None:
    """A worker is out of the keyboard's reach: the interrupt is the model's own."""
    results = of(bad.raises, mlsm.score(made(bad.raises), RECORDS[10:13], id="id"))
    assert results[1].error is not None
    assert "KeyboardInterrupt" == results[1].error.type


def test_only_the_records_at_which_it_dies_are_crashed(made: Callable[..., mlsm.Catalog]) -> None:
    """The exit code and the signal are told; all others have their scores."""
    results = of(bad.dies, mlsm.score(made(bad.good, bad.dies), RECORDS, id="id"))
    assert {"503": "crashed", "703": "crashed"} == failed(results)
    messages = [result.error.message for result in results if result.error is not None]
    assert "exit code 3" in messages[0]
    assert "SIGSEGV" in messages[1]


def test_who_did_harm_is_found_where_the_process_dies_at_a_later_record(made: Callable[..., mlsm.Catalog]) -> None:
    """Without descriptors it scores on, and ends when it cannot answer; the record that it ends at is innocent."""
    assert {"503": "crashed"} == failed(list(mlsm.score(made(bad.closes), RECORDS, id="id")))


def test_a_child_that_a_model_forks_answers_nothing(made: Callable[..., mlsm.Catalog], capfd: Any) -> None:
    """Where it returns beside its parent, scores stay with their records; what both print through C is not lost."""
    catalog = made(bad.forks)
    for _ in range(2):  # a second answer to the first question would be taken for that to the next
        assert [x / 10 for x in range(1_000)] == [r.score for r in mlsm.score(catalog, RECORDS, id="id")]
    for step in prepared(catalog).steps:
        step.predictor.end()  # type: ignore[attr-defined]
    assert "[forks@1] put by C" in capfd.readouterr().err


def test_a_frame_is_cut_until_the_culprit_stands_alone(made: Callable[..., mlsm.Catalog]) -> None:
    """Of a function of frames too, one record is crashed."""
    assert {"777": "crashed"} == failed(of(bad.frame, mlsm.score(made(bad.frame), RECORDS, id="id")))


def test_only_the_record_at_which_it_hangs_is_timed_out(made: Callable[..., mlsm.Catalog]) -> None:
    """The worker is killed in the time that one record may take, and no process is left of it."""
    catalog = made(bad.hangs)
    (step,) = prepared(catalog).steps
    first = psutil.Process(step.predictor.pid)  # type: ignore[attr-defined]
    family = [first, *first.children(recursive=True)]
    began = time.monotonic()
    assert {"503": "timeout"} == failed(list(mlsm.score(catalog, RECORDS, id="id")))
    assert time.monotonic() - began < 15
    assert not any(process.is_running() for process in family)
    alone = mlsm.score_one(catalog, RECORDS[503])[0]
    assert Outcome.TIMEOUT is alone.outcome
    assert 50.4 == mlsm.score_one(catalog, RECORDS[504])[0].score


def test_limits_without_a_process_are_refused() -> None:
    """A time-out that nothing would keep is a mistake, told with the catalog."""
    with pytest.raises(mlsm.CatalogError, match="has a timeout but runs inline"):
        mlsm.Catalog([bad.good.with_isolation(None, timeout=2)])


def test_a_function_without_a_module_is_inline_only() -> None:
    """What no other process can import is refused when the catalog is made, not in the run."""

    @mlsm.model(version="1", isolation="process")
    def hidden(x: int) -> int:
        return x

    with pytest.raises(mlsm.CatalogError, match="can only run inline"):
        mlsm.Catalog([hidden])


def test_one_that_hangs_on_every_record_costs_its_part_once(made: Callable[..., mlsm.Catalog]) -> None:
    """The search is given up early and said to be; later parts do not ask again."""
    catalog = made(bad.always_hangs)
    prepared(catalog)
    began = time.monotonic()
    first = list(mlsm.score(catalog, RECORDS, id="id"))
    spent = time.monotonic() - began
    assert {"timeout", "skipped"} >= set(failed(first).values())  # the breaker spares the rest
    assert len(RECORDS) == len(failed(first))
    assert "was given up after" in str(first[50].error)
    assert spent < 8
    began = time.monotonic()
    assert len(RECORDS) == len(failed(list(mlsm.score(catalog, RECORDS, id="id"))))
    assert time.monotonic() - began < spent / 2


def test_one_that_hangs_on_every_other_record_costs_its_part_once(made: Callable[..., mlsm.Catalog]) -> None:
    """It answers some records, and the search is given up all the same: the next part does not begin it anew."""
    results = list(mlsm.score(made(bad.hangs_often), RECORDS[:600], id="id", part_rows=300))
    assert Outcome.OK is results[0].outcome
    assert Outcome.OK not in {result.outcome for result in results[300:]}


def test_a_model_behind_an_open_breaker_is_called_no_more(made: Callable[..., mlsm.Catalog], tmp_path: Path) -> None:
    """Its process is asked no further within the part, but for what its condition says of the other records."""
    rows, frames = tmp_path / "rows", tmp_path / "frames"
    rows.touch()
    frames.touch()
    records = [{"id": str(x), "x": x, "path": str(rows)} for x in range(6_000)]
    outcomes = [str(result.outcome) for result in mlsm.score(made(bad.noted), records)]
    assert ["abstained"] * 3_000 == outcomes[1::2]
    # One of ten calls goes well: 101 fail among 113. Some are made twice, since their process was lost with them.
    assert ["crashed", "error", "ok"] == sorted(set(outcomes[:226:2]))
    assert ["skipped"] * 2_887 == outcomes[226::2]
    assert rows.stat().st_size < 250
    framed = mlsm.score(made(bad.noted_frames), [record | {"path": str(frames)} for record in records])
    assert ["error"] * 101 + ["skipped"] * 5_899 == [str(result.outcome) for result in framed]
    assert frames.stat().st_size < 400


@pytest.mark.parametrize(("python", "said"), [(None, "interpreter that runs mlsm"), ("/nowhere/python", "python = ")])
def test_an_interpreter_that_cannot_be_started_is_told_as_the_one_it_is(
    python: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of our own nobody can name another: the hint does not speak of one."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    isolation = Isolation(rung="process" if python is None else "env", python=python)
    with pytest.raises(DeclarationError, match=r"No process can be started .* '/nowhere/python'") as refused:
        Supervisor.alone("fit@1", isolation, {}, "").begin()
    assert said in str(refused.value)
