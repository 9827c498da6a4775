"""What cannot be meant is refused before anything is scored, unless it is forced."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import pytest

import mlsm
from mlsm import Alias, Catalog, Default, Model, Outcome
from mlsm.errors import InputError
from mlsm.readers import open_data, open_reader
from mlsm.service import Job, Report, examine, run

called: list[Any] = []


def count(data: dict[str, Any], results: dict[str, Any]) -> float:
    called.append(data)
    return 1.0


def model(name: str, fields: dict[str, Any], status: str = "active") -> Model:
    return Model(name, fields, "1", count, status)


def job(models: Sequence[Model], data: Any, **options: Any) -> Job:
    called.clear()
    chosen = {"id_column": "id", "as_of": datetime.now(UTC), **options}
    return Job(catalog=Catalog(models), inputs=(open_data(data),), **chosen)


def refused(*args: Any, **options: Any) -> InputError:
    """Run and examine a job, which is refused both times, and no model called."""
    with pytest.raises(InputError) as examined:
        examine(job(*args, **options))
    with pytest.raises(InputError) as raised:
        run(job(*args, **options))
    assert (str(examined.value), []) == (str(raised.value), called)
    assert raised.value.hint is not None
    return raised.value


def forced(*args: Any, **options: Any) -> Report:
    return run(job(*args, force=True, **options))


FIT = model("fit", {"a": int})


@pytest.mark.parametrize("data", [[], pl.DataFrame({"id": [], "a": []}), iter(())], ids=["list", "frame", "iterator"])
def test_an_input_without_records_is_refused(data: Any) -> None:
    """Nothing to read is a broken export, not a success."""
    with pytest.raises(InputError, match=r"There is no record in '(records|frame)'"):
        run(job([FIT], data))


def test_no_record_may_be_forced() -> None:
    """An empty list in memory is no mistake: it has no results."""
    scores = mlsm.score([FIT], [])
    assert (0, (), {}, 0) == (len(scores), scores.rejects, scores.counts(), scores.report.records)
    assert ((0, 15), ["record_id"]) == (scores.frame().shape, scores.frame(wide=True).columns)


def test_an_input_without_the_id_column_is_refused() -> None:
    """The columns that are there are named; force is no help, since nobody could be told apart."""
    error = refused([FIT], [{"key": 1, "a": 1}])
    assert "The id column 'id' is not in 'records'; there is 'key', 'a'." == error.message
    with pytest.raises(InputError):
        forced([FIT], [{"key": 1, "a": 1}])
    with pytest.raises(InputError):
        mlsm.score([FIT], [{"key": 1, "a": 1}])


def test_missing_columns_of_active_models_are_refused_all_at_once() -> None:
    """Each active model's required columns that no input has are told; optional ones and drafts' are not."""
    models = [
        model("fit", {"a": int, "b": str, "c": Annotated[int, Alias("C of Lead")]}),
        model("age", {"b": int | None, "d": Annotated[int, Default(0)]}),
        model("size", {"e": int}),
        model("trial", {"f": int}, "draft"),
        model("old", {"g": int}, "retired"),
    ]
    error = refused(models, [{"id": 1, "a": 1}])
    assert "Required columns are not in 'records'; there is 'id', 'a'." == error.message
    assert ("fit@1 needs 'b', 'C of Lead'", "size@1 needs 'e'") == error.problems
    report = forced(models, [{"id": 1, "a": 1}])
    invalid = [key for key, counts in report.counts.items() if counts == {Outcome.INVALID: 1}]
    assert ["fit@1", "size@1", "trial@1"] == invalid


def test_optional_columns_that_no_input_has_are_told_once() -> None:
    """They are read as empty for every record: each is named with the models that could read it."""
    models = [
        model("fit", {"a": int, "b": str | None}),
        model("age", {"b": str | None, "d": Annotated[int, Default(0)]}),
        model("trial", {"C": Annotated[int | None, Alias("C of Lead")]}, "draft"),
        model("old", {"g": int | None}, "retired"),
    ]
    asked = job(models, [{"id": 1, "a": 1}])
    expected = {"b": ("fit@1", "age@1"), "d": ("age@1",), "C of Lead": ("trial@1",)}
    assert [expected] * 2 == [examine(asked).absent, run(asked).absent]
    full = job(models, [{"id": 1, "a": 1, "b": None, "d": 1, "C of Lead": 2}])
    assert {} == run(full).absent


def test_one_of_several_inputs_that_lacks_a_required_column_is_refused_by_name() -> None:
    """A broken export is no less broken beside good ones; forced, its records are invalid."""
    inputs = (open_data([{"id": 1, "a": 1}]), open_data(pl.DataFrame({"id": [2]})))
    asked = Job(catalog=Catalog([FIT]), inputs=inputs, id_column="id", as_of=datetime.now(UTC))
    with pytest.raises(InputError) as caught:
        run(asked)
    assert "Required columns are not in 'frame'; there is 'id'." == caught.value.message
    report = run(replace(asked, force=True))
    assert {"fit@1": {Outcome.OK: 1, Outcome.INVALID: 1}} == report.counts


def test_one_of_several_inputs_that_lacks_the_id_column_is_refused_by_name() -> None:
    """None of its rows could be scored."""
    inputs = (open_data([{"id": 1, "a": 1}]), open_data(pl.DataFrame({"key": [2], "a": [1]})))
    with pytest.raises(InputError) as caught:
        run(Job(catalog=Catalog([FIT]), inputs=inputs, id_column="id", as_of=datetime.now(UTC)))
    assert "The id column 'id' is not in 'frame'; there is 'key', 'a'." == caught.value.message


def test_nested_records_are_not_refused_for_their_columns() -> None:
    """In a nested record each model has data of its own, or is invalid."""
    records = [{"id": 1, "data": {"fit": {"1": {"a": 1}}}}, {"id": 2}]
    report = run(job([FIT], records, shape="nested"))
    assert {"fit@1": {Outcome.OK: 1, Outcome.INVALID: 1}} == report.counts


@pytest.mark.parametrize(("rows", "message"), [(1, "There is 1 record in"), (2, "There are 2 records in")])
def test_far_too_few_records_are_refused(rows: int, message: str) -> None:
    """Fewer records than the project's least are a broken export, unless it is forced."""
    records = [{"id": row, "a": 1} for row in range(rows)]
    assert f"{message} 'records'; expected at least 3." == refused([FIT], records, min_records=3).message
    assert rows == forced([FIT], records, min_records=3).records
    assert rows == run(job([FIT], records, min_records=rows)).records


def test_columns_to_keep_must_be_there() -> None:
    """A column to keep that no input has is refused; forced, it is empty."""
    error = refused([FIT], [{"id": 1, "a": 1}], keep=("email", "a"))
    assert "The columns to keep 'email' are not in 'records'; there is 'id', 'a'." == error.message
    assert 1 == forced([FIT], [{"id": 1, "a": 1}], keep=("email", "a")).records


@pytest.mark.parametrize("data", ["leads.csv", b"", 5, {"id": 1}, None], ids=repr)
def test_what_is_no_collection_of_records_is_refused(data: Any) -> None:
    """A path, a single record or a number is no list of records."""
    with pytest.raises(InputError, match="cannot be read; a data frame or mappings were expected"):
        mlsm.score([FIT], data)


@pytest.mark.parametrize("record", [[], "x", 5, None], ids=repr)
def test_one_record_is_a_mapping(record: Any) -> None:
    """What is no mapping cannot be scored as one record."""
    with pytest.raises(InputError, match=r"A record of type .* cannot be scored; expected a mapping"):
        mlsm.score_one([FIT], record)


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({}, "There is no id."),
        ({"id": True}, "The id True is a bool"),
        ({"id": ""}, "The id is empty."),
        ({"id": 1.5}, "The id 1.5 is a float"),
    ],
    ids=["none", "bool", "empty", "float"],
)
def test_one_record_needs_an_id_or_none_at_all(record: dict[str, Any], why: str) -> None:
    """A record without a usable id is refused; on request it is called `record:1`."""
    with pytest.raises(InputError, match=f"This record cannot be scored by its id 'id'. {why}"):
        mlsm.score_one([FIT], record)
    assert "record:1" == mlsm.score_one([FIT], record, id=None)[0].record_id


@pytest.mark.parametrize("id_column", ["id", None])
def test_a_file_without_any_record_says_why(tmp_path: Path, id_column: str | None) -> None:
    """Where no line is a record, the first one's reason is told, not a column that is missing; force is no help."""
    file = tmp_path / "leads.ndjson"
    file.write_text('\n{"id": 1,\n[2]\n', encoding="utf-8")
    for force in (False, True):
        job_ = Job(
            catalog=Catalog([FIT]),
            inputs=(open_reader(str(file)),),
            as_of=datetime.now(UTC),
            id_column=id_column,
            force=force,
        )
        with pytest.raises(InputError) as raised:
            run(job_)
        assert f"No row of {str(file)!r} is a record" in raised.value.message
        assert (f"{str(file)!r}, line 2: The line is no JSON: it ends too early.",) == tuple(raised.value.problems)
        assert "one JSON object a line" in str(raised.value.hint)


def test_records_of_which_none_is_a_mapping_are_refused() -> None:
    """In memory the way out is another one than in a file."""
    with pytest.raises(InputError, match=r"row 1: The record is of type 'int', expected a mapping") as raised:
        mlsm.score([FIT], [1, None])
    assert "Pass a mapping for each record, such as a dict." == raised.value.hint


def test_an_input_of_which_no_row_can_be_scored_is_refused() -> None:
    """A column of ids that is empty throughout is a broken export, not a success of nothing."""
    rows = [{"id": "", "a": 1}, {"id": None, "a": 2}]
    error = refused([FIT], rows)
    assert "No row of 'records' can be scored; the first is told here." == error.message
    assert ("'records', row 1: The id is empty.",) == tuple(error.problems)
    assert (0, 2) == (forced([FIT], rows).records, forced([FIT], rows).rejected)


def test_rejected_rows_do_not_count_as_records() -> None:
    """The wrong column of ids leaves far too few records, however many rows there are."""
    rows = [{"id": place % 5, "a": 1} for place in range(100)]
    error = refused([FIT], rows, min_records=6)
    assert "There are 5 records in 'records' besides 95 rejected rows; expected at least 6." == error.message
    assert 5 == run(job([FIT], rows, min_records=5)).records
