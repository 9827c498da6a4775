"""What differs from the run that it would continue is refused by name, and nothing is touched."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MODELS, MANIFEST, INPUT = "models", "mlsm.toml", "leads.csv"

Change = Callable[[Any], Any]


@pytest.fixture(scope="session")
def stopped_once(tmp_path_factory: pytest.TempPathFactory, make_play: Any) -> Any:
    """Kill a run in its midst."""
    play = make_play(tmp_path_factory.mktemp("stopped") / "project", leads=450)
    with play.start(*play.command) as process:
        assert play.wait_for(lambda: len(play.done()) >= 3, process)
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert ["interrupted"] == [run.state for run in play.runs()]
    return play


@pytest.fixture
def stopped(stopped_once: Any, tmp_path: Path) -> Any:
    """Give a copy of a project whose run was killed."""
    return stopped_once.at(Path(shutil.copytree(stopped_once.folder, tmp_path / "project")))


def replaced(file: str, old: str, new: str) -> Change:
    """Make a change that replaces a text in a file once."""

    def change(play: Any) -> None:
        path = play.models if file == MODELS else play.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


def renamed(play: Any) -> list[str]:
    """Move the input elsewhere."""
    (play.folder / "leads.csv").rename(play.folder / "others.csv")
    return ["others.csv", *play.command[1:]]


def twice(play: Any) -> list[str]:
    """Read a second input after the first."""
    shutil.copy(play.folder / "leads.csv", play.folder / "more.csv")
    return ["leads.csv", "more.csv", *play.command[1:]]


def arguments(*more: str) -> Change:
    """Make a change of nothing but the arguments; what comes last counts."""
    return lambda play: [*play.command, *more]


LEAD = "5000200,lead200@"
DIFFERENCES = {
    "a lead": (replaced(INPUT, LEAD, "5000200,lead2000@"), "The content of input 'leads.csv' changed"),
    "one lead less": (
        lambda play: (play.folder / INPUT).write_text((play.folder / INPUT).read_text().rsplit("\n", 2)[0]),
        "Input 'leads.csv' is cut into 6 parts of 75, 75, 75, 75, 75, 74 rows; it was cut into 6 parts",
    ),
    "another file": (renamed, "Input 'others.csv' is read where 'leads.csv' was."),
    "one file more": (twice, "The inputs are ['leads.csv', 'more.csv']; they were ['leads.csv']."),
    "a model's code": (replaced(MODELS, "employees / 7", "employees / 8"), "Model 'fit@1' answers differently"),
    "a function it calls": (replaced(MODELS, "for number in numbers", "for number in [*numbers]"), "'best@2' answers"),
    "a status": (
        replaced(MANIFEST, "[models]", '[models.retired]\nbest = ["2"]\n[models]'),
        "Model 'best@2' is gone.",
    ),
    "another active version": (
        replaced(MANIFEST, "[models]", '[models.active]\nfit = "2"\n[models.draft]\nfit = ["1"]\n[models]'),
        "The status of model 'fit@2' is 'active'; it was 'draft'.",
    ),
    "only some models": (arguments("--models", "fit"), "Model 'best@1' is gone."),
    "a column": (
        replaced(MANIFEST, "[models]", '[columns]\nvisits = "employees"\n[models]'),
        "The columns of model 'interest@1' are {'visits': 'employees'}; they were {}.",
    ),
    "how nothing is spelt": (
        replaced(MANIFEST, "[store]", '[input]\nnull = ["many"]\n[store]'),
        """'null': '["many"]'""",
    ),
    "the size of parts": (replaced(MANIFEST, "part_rows = 75", "part_rows = 50"), "is cut into 9 parts of 50"),
    "the kept columns": (replaced(MANIFEST, '["email"]', '["email", "country"]'), "The list of kept columns is"),
    "the purpose": (arguments("--trial"), "The purpose is 'trial'; it was 'live'."),
    "the id": (arguments("--id", "number"), "The id column is 'number'; it was 'lead_id'."),
    "the clock": (
        arguments("--as-of", "2026-01-02"),
        "The clock (as of) is 2026-01-02T00:00:00+00:00; it was 2026-01-01T00:00:00+00:00.",
    ),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_a_difference_is_refused_by_name(difference: str, stopped: Any) -> None:
    """A resume with another input, catalog or option ends with 1, names what differs, and changes nothing."""
    before = stopped.content()
    change, named = DIFFERENCES[difference]
    changed = change(stopped)
    done = stopped.here(*(changed if isinstance(changed, list) else stopped.command), "--resume")
    (run,) = stopped.runs()
    assert f"Run '{run.run_id}' cannot be resumed: " in done.stderr
    assert (1, "", True, True) == (
        done.returncode,
        done.stdout,
        named in done.stderr,
        done.stderr.endswith("or begin a new run by leaving out --resume.\n"),
    ), done.stderr
    assert "interrupted" == run.state
    before.check_same(stopped.content())


def test_all_differences_are_told_at_once(stopped: Any) -> None:
    """Who mends one thing is not refused for the next."""
    for difference in ("a lead", "a model's code", "the kept columns"):
        DIFFERENCES[difference][0](stopped)
    done = stopped.here(*stopped.command, "--resume", "--trial")
    named = ("The purpose is", "The list of kept", "Model 'fit@1' answers", "Model 'best@1' answers", "The content of")
    assert [True, True, True, False, True] == [f"  - {one}" in done.stderr for one in named]


def test_what_decides_no_result_may_differ(stopped: Any) -> None:
    """Without a named clock the run keeps its own; where results go besides, and the machine's day, are free."""
    done = stopped.here("leads.csv", "--resume", "--json", "--out", "other.csv")
    assert 0 == done.returncode, done.stderr
    told = json.loads(done.stdout)
    (run,) = stopped.runs()
    assert (run.run_id, True, "finished", "2026-01-01") == (
        told["run_id"],
        told["resumed"],
        run.state,
        run.plan.as_of.isoformat()[:10],
    )


def test_where_nothing_is_unfinished_a_run_begins(stopped: Any) -> None:
    """A nightly job may always say `--resume`."""
    first = json.loads(stopped.here(*stopped.command, "--resume").stdout)
    second = json.loads(stopped.here(*stopped.command, "--resume").stdout)
    assert [(True, True), (False, False)] == [(told["resumed"], told["skipped_parts"] > 0) for told in (first, second)]
    assert first["run_id"] != second["run_id"]
    assert ["finished", "finished"] == [run.state for run in stopped.runs()]


def test_a_run_that_another_overtook_is_of_the_past(stopped: Any) -> None:
    """After a later run has finished, an unfinished one with another input stands in nobody's way."""
    DIFFERENCES["a lead"][0](stopped)
    assert 0 == stopped.here(*stopped.command).returncode
    done = stopped.here(*stopped.command, "--resume")
    assert (0, False) == (done.returncode, json.loads(done.stdout)["resumed"])
    assert ["finished", "finished", "interrupted"] == [run.state for run in stopped.runs()]
