"""What 0.0.4 got wrong and is put right, and what belongs to a later version."""

from __future__ import annotations

import copy
import threading
from typing import Any

import pytest

from mlsm import (
    DeclarationError,
    Model,
    RunModels,
    RunModelsAll,
    RunSummaryModels,
    SummaryModel,
    SummaryModelListException,
    model,
)


def _fit(data: Any, results: Any) -> Any:
    return {"score": data["x"] * 2}


def _fail(data: Any, results: Any) -> Any:
    raise ValueError("no")


FIT = Model("fit", {"x": int}, "1", _fit, "active")


def test_two_versions_of_one_name_both_keep_their_results() -> None:
    """Versions of one name, both active even, stand side by side in a record's results."""
    second = Model("fit", {"x": int}, "2", lambda data, results: {"score": data["x"] * 3}, "active")
    record = RunModels([FIT, second], {"data": {"fit": {"1": {"x": 1}, "2": {"x": 1}}}})

    expected = {"fit": {"1": {"score": 2, "_status": "active"}, "2": {"score": 3, "_status": "active"}}}
    assert expected == record["results"]


def test_a_second_version_sees_the_first() -> None:
    """A model sees all earlier results of its record, those of its own name too."""
    second = Model("fit", {}, "2", lambda data, results: {"score": results["fit"]["1"]["score"] + 1})
    record = RunModels([FIT, second], {"data": {"fit": {"1": {"x": 1}, "2": {}}}})

    assert record["results"]["fit"]["2"]["score"] == 3


@pytest.mark.parametrize("fields", [{}, {"absent": int}], ids=["raised", "field missing"])
def test_a_failure_has_its_status(fields: dict[str, Any]) -> None:
    """A failed result tells the model's status as every other does."""
    record = RunModels([Model("bad", fields, "1", _fail, "in trial")], {"data": {"bad": {"1": {}}}})

    assert record["results"]["bad"]["1"]["_status"] == "in trial"


def test_an_interrupt_is_not_swallowed() -> None:
    """Ctrl-C during a model ends the run."""

    def interrupted(data: Any, results: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        RunModelsAll([Model("slow", {}, "1", interrupted)], [{"data": {"slow": {"1": {}}}}])


@pytest.mark.parametrize(
    "record",
    [{}, {"data": None}, {"data": {}}, {"data": {"fit": {"2": {"x": 1}}}}, {"data": {"fit": {"1": None}}}],
    ids=["no data at all", "null data", "no such name", "no such version", "null"],
)
def test_a_record_without_data_does_not_end_the_run(record: dict[str, Any]) -> None:
    """A record that lacks a model's data says so in its result, and the others are scored."""
    good = {"data": {"fit": {"1": {"x": 1}}}}
    first, second = RunModelsAll([FIT], [record, good])

    error = {"_error": "Expected 'data' of model 'fit' version '1' not found", "_status": "active"}
    assert first["results"] == {"fit": {"1": error}}
    assert second["results"] == {"fit": {"1": {"score": 2, "_status": "active"}}}


def test_a_summary_sees_what_lacked_data() -> None:
    """A model without data counts as run, so a summary over it is called and sees the failure."""
    told = SummaryModel(
        "told", [{"name": "fit", "version": "1"}], "1", lambda data, results: {"of": results["fit"]["1"]["_error"]}
    )
    (record,) = RunModelsAll([FIT], [{"data": {"told": {"1": {}}}}], [told])

    assert record["results"]["told"]["1"]["of"] == "Expected 'data' of model 'fit' version '1' not found"


def test_a_summary_over_what_did_not_run_ends_the_run() -> None:
    """A summary that names what is not there is a mistake of the call, not of a record."""
    lost = SummaryModel("lost", [{"name": "fit", "version": "9"}], "1", _fit)
    with pytest.raises(SummaryModelListException) as raised:
        RunModelsAll([FIT], [{"data": {"fit": {"1": {"x": 1}}}}], [lost])

    assert str(raised.value) == "Expected model version 'fit' '9' results not found"


def test_nothing_but_results_changes_in_a_record() -> None:
    """A model that changes its data, at any depth, changes neither the record nor what others are handed."""

    def spoil(data: Any, results: Any) -> Any:
        data["events"][0]["kind"] = "spoilt"
        data["events"].append(1)
        del data["x"]
        return {"score": 0}

    def count(data: Any, results: Any) -> Any:
        return {"score": len(data["events"])}

    shared = {"x": 1, "events": [{"kind": "visit"}]}
    record = {"id": "7", "data": {"spoil": {"1": shared}, "count": {"1": shared}}}
    before = copy.deepcopy(record)
    (scored,) = RunModelsAll([Model("spoil", {}, "1", spoil), Model("count", {}, "1", count)], [record])

    assert scored is record
    assert scored.pop("results")["count"]["1"]["score"] == 1
    assert before == scored


def test_a_model_cannot_change_the_results_of_others() -> None:
    """What a model does to the results that it is shown, nobody sees."""

    def spoil(data: Any, results: Any) -> Any:
        results["fit"]["1"]["score"] = -1
        results.clear()
        return {"score": 0}

    look = SummaryModel("look", ["fit@1"], "1", lambda data, results: {"saw": results["fit"]["1"]["score"]})
    data = {"fit": {"1": {"x": 1}}, "spoil": {"1": {}}, "look": {"1": {}}}
    (record,) = RunModelsAll([FIT, Model("spoil", {}, "1", spoil)], [{"data": data}], [look])

    assert record["results"] == {
        "fit": {"1": {"score": 2, "_status": "active"}},
        "spoil": {"1": {"score": 0, "_status": "draft"}},
        "look": {"1": {"saw": 2, "_status": "draft"}},
    }


def test_an_upstream_handed_on_keeps_its_own_status() -> None:
    """A summary that returns an upstream's answer does not put its status on that."""
    same = SummaryModel("same", ["fit"], "1", lambda data, results: results["fit"]["1"])
    (record,) = RunModelsAll([FIT], [{"data": {"fit": {"1": {"x": 1}}, "same": {"1": {}}}}], [same])

    assert [record["results"][name]["1"]["_status"] for name in ("fit", "same")] == ["active", "draft"]


def test_one_answer_for_all_records_is_not_shared() -> None:
    """A model that returns the same dict every time gives each record a result of its own."""
    constant = {"score": 1}
    records: list[dict[str, Any]] = [{"data": {"same": {"1": {}}}} for _ in range(2)]
    first, second = RunModelsAll([Model("same", {}, "1", lambda data, results: constant)], records)

    assert first["results"]["same"]["1"] is not second["results"]["same"]["1"]
    assert constant == {"score": 1}


def test_data_that_cannot_be_copied_is_handed_over() -> None:
    """A value that refuses to be copied is shared, and the rest is still a copy."""
    lock = threading.Lock()
    data = {"lock": lock, "events": [1]}

    def function(data: Any, results: Any) -> Any:
        data["events"].append(2)
        return {"same": data["lock"] is lock}

    record = RunModels([Model("m", {}, "1", function)], {"data": {"m": {"1": data}}})

    assert record["results"]["m"]["1"]["same"] is True
    assert data["events"] == [1]


def test_summaries_may_be_named_in_every_way() -> None:
    """References, entries and a mapping of parameters all name what a summary stands on."""
    for models in (["fit"], ["fit@1"], [{"name": "fit", "version": "1"}], {"one": "fit@1"}):
        summary = SummaryModel("s", models, "1", lambda data, results: {"score": 1})
        record = {"data": {"s": {"1": {}}}, "results": {"fit": {"1": {"score": 9}}}}
        assert RunSummaryModels([summary], record)["results"]["s"]["1"]["score"] == 1


def test_records_may_come_from_an_iterator() -> None:
    """Records are read one by one, from anything that yields them."""
    scored = RunModelsAll([FIT], ({"data": {"fit": {"1": {"x": x}}}} for x in range(3)))

    assert [record["results"]["fit"]["1"]["score"] for record in scored] == [0, 2, 4]


def test_progress_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """With `verbose` the progress is shown, and stdout stays the program's."""
    RunModelsAll([FIT], [{"data": {"fit": {"1": {"x": 1}}}}], verbose=True)
    shown = capsys.readouterr()

    assert shown.out == ""
    assert "Scoring" in shown.err


def test_a_model_of_parameters_is_refused() -> None:
    """A function of its fields cannot be called with `data` and `results`, and the error says what can."""

    @model(version="1")
    def fit(x: int) -> int:
        return x

    with pytest.raises(DeclarationError, match=r"mlsm\.score"):
        RunModels([fit], {"data": {"fit": {"1": {"x": 1}}}})
