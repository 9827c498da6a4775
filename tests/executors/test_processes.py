"""Several processes score as one does, whatever becomes of them."""

from __future__ import annotations

import importlib
import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import psutil
import pytest
from tests.executors import crowd

import mlsm
from mlsm import Model
from mlsm._result import Outcome
from mlsm.service import prepared
from mlsm.service.inputs import Cut
from mlsm.service.scoring import Scoring
from mlsm.service.sharing import Sharing
from mlsm.service.specification import specified
from mlsm.service.workers import cores


def compared(scores: mlsm.Scores) -> pl.DataFrame:
    """Give results without the times of day."""
    return scores.frame().drop("scored_at", "as_of")


def test_results_are_the_same_for_any_number_of_workers() -> None:
    """One, two and three processes answer as this one does, in its order, for every kind of model and outcome."""
    leads = crowd.leads(2_000)
    alone, *others = [
        mlsm.score(crowd.CATALOG, leads, part_rows=170, keep=["email"], workers=workers) for workers in (0, 1, 2, 3)
    ]
    assert {"ok", "abstained", "invalid", "error", "skipped"} == {o for one in alone.counts().values() for o in one}
    for other in others:
        assert compared(alone).equals(compared(other))
        assert alone.counts() == other.counts()
        assert alone.report.errors == other.report.errors


@pytest.mark.skipif(cores() < 2, reason="one core has nobody to share with")
def test_long_work_begins_here_and_is_shared_with_workers() -> None:
    """Where the first parts tell that the rest takes long, workers join in; short work stays here."""
    leads = [{"id": str(number), "employees": number} for number in range(20_000)]
    scores = mlsm.score([crowd.slow], leads, part_rows=250, workers="auto")
    processes = [result.output["process"] for result in scores]
    assert [result.score for result in scores] == list(range(20_000))
    assert processes[0] == os.getpid()
    joined = next(at for at, process in enumerate(processes) if process != os.getpid())
    assert os.getpid() in processes[joined:], "this process went on beside them"
    few = mlsm.score([crowd.slow], leads[:1_000], part_rows=250, workers="auto")
    assert {result.output["process"] for result in few} == {os.getpid()}


@pytest.mark.skipif(cores() < 2, reason="one core has nobody to share with")
def test_sharing_changes_no_result() -> None:
    """Parts that are scored partly here, partly by workers have the results of those scored in one process."""
    leads = crowd.leads(10_000)
    catalog = [*crowd.CATALOG, crowd.slow]
    shared, alone = (mlsm.score(catalog, leads, part_rows=500, keep=["email"], workers=w) for w in ("auto", 0))
    others = pl.col("model") != "slow"
    assert compared(shared).filter(others).equals(compared(alone).filter(others))
    assert shared.counts() == alone.counts()
    tellers = pl.col("output").str.json_path_match("$.process")
    assert compared(shared).filter(~others).select(tellers.n_unique()).item() > 1


@pytest.mark.skipif(cores() < 2, reason="one core has nobody to share with")
def test_workers_that_nobody_asked_for_may_fail(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """A file that changes during a run keeps its workers from loading it; the run goes on as it began."""
    code = (
        "import time\nimport mlsm\n\n@mlsm.model(version='1', status='active')\n"
        "def edited(employees: int) -> float:\n    time.sleep(0.001)\n    return employees + {add}\n"
    )
    file = tmp_path / "edited_meanwhile.py"
    file.write_text(code.format(add="0.5"))
    monkeypatch.syspath_prepend(str(tmp_path))
    edited = importlib.import_module("edited_meanwhile").edited
    assert edited.digest  # taken before the file changes, as every run does at its start
    file.write_text(code.format(add="70.25"))
    leads = [{"id": str(number), "employees": number} for number in range(6_000)]
    scores = mlsm.score([edited], leads, part_rows=250, workers="auto")
    assert [result.score for result in scores] == [number + 0.5 for number in range(6_000)]
    assert "without workers" in caplog.text


def test_a_record_that_kills_costs_only_the_model_that_does_so() -> None:
    """A model is `crashed` and says by what for the record that kills its process; all else is as without it."""
    leads = crowd.leads(60, (*["DE", "FR", None, "XX", "ZZ"] * 4, "killer", *["DE"] * 39))
    catalog = [crowd.deadly, crowd.upon_deadly, *crowd.CATALOG, crowd.deadly_too]
    scores = mlsm.score(catalog, leads, part_rows=40, workers=2)
    crashed = {(r.record_id, r.model): r.error.message for r in scores if r.outcome is Outcome.CRASHED and r.error}
    by = {(record_id, name): message.partition(": ")[2] for (record_id, name), message in crashed.items()}
    killed, exited = "it was killed by SIGKILL.", "it exited with code 7."
    assert {("000020", "deadly"): killed, ("000034", "deadly_too"): exited} == by
    skipped = [r for r in scores if (r.model, r.outcome) == ("upon_deadly", Outcome.SKIPPED)]
    assert ("deadly@1",) in [r.error.culprits for r in skipped if r.error and r.record_id == "000020"]
    named = pl.col("model").is_in([model.name for model in crowd.CATALOG])
    alone = mlsm.score(crowd.CATALOG, leads, part_rows=40, workers=0)
    assert compared(alone).equals(compared(scores).filter(named))


@pytest.mark.chaos
def test_a_model_that_ends_every_process_costs_a_bounded_number_of_them(tmp_path: Any) -> None:
    """After some it is left alone, in other parts as well; the others answer as without it."""
    leads = [{"id": str(n), "employees": n, "country": str(tmp_path / "calls")} for n in range(600)]
    scores = mlsm.score([crowd.ends, crowd.fit], leads, part_rows=20, workers=2)
    assert {"ends@1": {Outcome.CRASHED: 600}, "fit@1": {Outcome.OK: 600}} == scores.counts()
    assert (tmp_path / "calls").stat().st_size < 60


def test_a_model_whose_culprits_were_not_found_is_left_alone() -> None:
    """Once rows were given up, later parts are sent without asking that model, and no other."""
    ready = prepared(mlsm.Catalog([crowd.fit, crowd.deadly]))
    sharing = Sharing(Scoring(ready, None, None, datetime.now(UTC), {}), specified(mlsm.Catalog([crowd.fit])))
    part = Cut(number=0, rows=2, ids=pl.Series(["1", "2"]), columns={}, kept=(), rejects=())
    accused = sharing.alone(part, 2)
    assert accused is not None
    assert sharing.cut(accused) is not None
    assert ({}, False) == (sharing.sent(part).cut.answered, sharing.given_up(accused))
    time.sleep(0.05)
    sharing.lost(accused, "it exited with code 3")
    answered = sharing.sent(replace(part, number=1)).cut.answered
    assert {"deadly@1": [Outcome.CRASHED.code] * 2} == {key: of["outcome"].to_list() for key, of in answered.items()}
    assert (True, False) == (sharing.given_up(accused), sharing.given_up(replace(part, alone="fit@1")))


def test_a_worker_that_dies_once_costs_a_second_try(tmp_path: Any) -> None:
    """Where the second try succeeds nothing tells of the first."""
    leads = [{"id": str(number), "employees": number, "country": str(tmp_path / "died")} for number in range(40)]
    scores = mlsm.score([crowd.once], leads, part_rows=10, workers=2)
    assert {"once@1": {Outcome.OK: 40}} == scores.counts()
    assert (tmp_path / "died").exists()


def test_an_interrupt_raised_by_a_model_is_an_error_in_a_worker() -> None:
    """A worker ignores Ctrl-C, so that an interrupt can only be the model's."""
    scores = mlsm.score([crowd.interrupted], [{"id": str(n), "employees": n} for n in range(5)], workers=1)
    assert [("3", "KeyboardInterrupt")] == [(r.record_id, r.error.type) for r in scores if r.error is not None]


def test_a_child_that_a_model_forks_ends_where_it_returns() -> None:
    """Each record has its own answer, and no process is left, though the model went on in two."""
    before = set(psutil.Process().children(recursive=True))
    scores = mlsm.score([crowd.forked], [{"id": str(n), "employees": n} for n in range(9)], workers=1, part_rows=2)
    assert [float(n) for n in range(9)] == [result.score for result in scores]
    left = [one for one in psutil.process_iter(["cmdline"]) if "executors.worker" in str(one.info["cmdline"])]
    own = [one for one in left if one not in before and str(os.getpid()) in str(one.info["cmdline"])]
    assert [] == psutil.wait_procs(own, timeout=5)[1]


def test_what_a_model_prints_is_no_data(capfd: Any) -> None:
    """Neither print, writing to descriptor 1 nor printing by C reaches the standard output of the parent."""
    mlsm.score([crowd.noisy], [{"id": "1", "employees": 1}], workers=1)
    out, err = capfd.readouterr()
    assert ("", "noise\n" * 3) == (out, "".join(sorted(err.splitlines(keepends=True))))


def test_a_function_without_a_module_is_refused() -> None:
    """A function that only this process has is refused by name before anything is scored."""
    here = Model("here", {"employees": int}, "1", lambda data, results: 1.0, "active")
    with pytest.raises(mlsm.DeclarationError, match=r"here@1.*has no name in module") as refused:
        mlsm.score([here, crowd.fit], crowd.leads(10), workers=2)
    assert "workers=0" in str(refused.value)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_worker_dies_before_its_parent_where_memory_is_short() -> None:
    """The kernel is asked to choose who can be replaced: a worker of a run, or a model's own process."""
    leads = [{"id": "1", "employees": 1}]
    own = crowd.exposed.with_isolation("process")
    here, worker, process = (
        mlsm.score([one], leads, workers=workers).record("1")[0].score or 0.0
        for one, workers in ((crowd.exposed, 0), (crowd.exposed, 1), (own, 0))
    )
    assert here < worker == process


def test_a_note_that_a_model_wrote_over_accuses_nobody() -> None:
    """A number that is no model's, as one leaves that writes to every descriptor, ends no run."""
    step = prepared(mlsm.Catalog([crowd.fit, crowd.deadly]))
    sharing = Sharing(Scoring(step, None, None, datetime.now(UTC), {}), specified(mlsm.Catalog([crowd.fit])))
    cut = Cut(number=0, rows=1, ids=pl.Series(["1"]), columns={}, kept=(), rejects=())
    assert ["fit@1", None] == [(one := sharing.alone(cut, noted)) and one.alone for noted in (1, 0x6B6E756A)]
