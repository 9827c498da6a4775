"""`mlsm explain`: how a model came to one lead's score, from the store or anew from a file."""

from __future__ import annotations

from typing import Any


def test_a_stored_result_is_explained(scored: Any) -> None:
    """The reasons that were kept stand below each other and add up."""
    done = scored.here("explain", "001", "fit")
    assert 0 == done.returncode, done.stderr
    assert "size of the firm (employees)" in done.stdout
    assert "the score" in done.stdout.splitlines()[-1]


def test_a_lead_of_a_file_is_looked_at_anew(scored: Any) -> None:
    """Nothing is stored; a model without reasons of its own is asked again without each field."""
    before = scored.json("runs")
    told = scored.json("explain", "001", "interest", "--from", "first.csv", "--id", "lead_id")
    assert told["reasons"]["approximate"]
    assert before == scored.json("runs")


def test_what_is_not_there_is_refused(scored: Any) -> None:
    """A model or a lead that nobody knows is told, with what there is."""
    unknown = scored.here("explain", "001", "fitt")
    absent = scored.here("explain", "nobody", "fit", "--from", "first.csv")
    assert (1, 1) == (unknown.returncode, absent.returncode)
    assert "No result of 'fitt' for lead '001'; there is" in unknown.stderr
    assert "No record 'nobody' in 'first.csv'" in absent.stderr


def test_list_tells_how_single_leads_are_scored(scored: Any) -> None:
    """With --verbose each model says which way it takes to one lead."""
    (row, *_) = scored.json("list", "--verbose")
    assert "It is a function of one record." == row["path"]


def test_scoring_gives_reasons_on_request(scored: Any) -> None:
    """--reasons N keeps N reasons a score in the store."""
    done = scored.here("score", "first.csv", "--reasons", "1")
    assert 4 == done.returncode, done.stderr  # one country of the sample breaks a model
    told = scored.json("explain", "001", "fit@2.0.0")
    assert 1 == len(told["reasons"]["items"])
    refused = scored.here("score", "first.csv", "--reasons", "-1")
    assert (2, True) == (refused.returncode, "expected a whole number" in refused.stderr)


def test_a_summary_is_explained_by_what_it_was_handed(scored: Any) -> None:
    """The scores below a summary are listed, each to be explained by its name."""
    summary = next(result for result in scored.json("lead", "001")["current"] if result["given"])
    done = scored.here("explain", "001", summary["model"])
    assert 0 == done.returncode, done.stderr
    if summary["reasons"] is None:
        assert all(one["model"] in done.stdout for one in summary["given"])


def test_reasons_name_the_column_that_people_know(scored: Any) -> None:
    """`lead` and `explain` name a field by its column, also where a summary took it over; JSON keeps the field."""
    with (scored.folder / "mlsm.toml").open("a") as manifest:
        manifest.write('[columns]\nemployees = "Head Count"\n[[summary]]\nname = "top"\nversion = "1"\n')
        manifest.write('rule = "best"\nmodels = ["fit"]\n')
        manifest.write('convert = { fit = { from = [0, 100], to = [0, 100] } }\n[models.active]\ntop = "1"\n')
    first = scored.folder / "first.csv"
    first.write_text(first.read_text().replace("employees", "Head Count"))
    assert 4 == scored.here("score", "first.csv", "--reasons", "2").returncode
    lead = scored.here("lead", "001").stdout
    assert (True, False) == ("size of the firm (Head Count)" in lead, "employees" in lead)
    for model in ("fit", "top"):
        for source in ([], ["--from", "first.csv"]):
            assert "size of the firm (Head Count)" in scored.here("explain", "001", model, *source).stdout
    assert ["employees"] == [item["field"] for item in scored.json("explain", "001", "fit")["reasons"]["items"]]
