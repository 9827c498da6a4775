"""Models that do what no model should: others see nothing of it, and stdout stays the command's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

MANIFEST = """\
[project]
name = "wild"

[record]
id = "lead_id"

[input]
shape = "flat"

[run]
part_rows = 4
max_failed = 1.0

[models]
paths = ["models"]
"""

MODELS = """\
import ctypes
import os
import subprocess
import sys
import threading
import warnings

import polars

from mlsm import model, summary_model

print("imported")


class Odd(BaseException):
    def __str__(self):
        raise RuntimeError("an exception that cannot be shown")


@model(version="1", status="active")
def tame(size: int, tags: list[str] | None = None):
    return {"score": size, "tags": tags}


@model(version="1", status="active")
def prints(size: int):
    print("printed")
    print("printed to the real stdout", file=sys.__stdout__)
    os.write(1, b"written to descriptor 1\\n")
    subprocess.run(["echo", "echoed by a child"], check=True)
    ctypes.CDLL(None).printf(b"printed by C\\n")
    warnings.warn("warned", stacklevel=1)
    return size


@model(version="1", status="active")
def exits(size: int):
    sys.exit(7) if size % 2 else exit("bye")


@model(version="1", status="active")
def raises(size: int):
    raise Odd if size % 2 else GeneratorExit("not even an Exception")


@model(version="1", status="active")
def stops(size: int):
    if size % 2:
        raise StopIteration
    return size


@model(version="1", status="active")
def changes(size: int, tags: list[str] | None = None):
    tags.append("changed")
    return len(tags)


@model(version="1", status="active", batch=True, fields={"size": int})
def overwrites(leads: polars.DataFrame):
    answer = leads["size"] * 2
    leads.replace_column(0, polars.Series("size", [0] * leads.height))
    leads.drop_in_place("size")
    return answer


@model(version="1", status="active", batch=True, fields={"size": int})
def zeroes(leads: dict):
    answer = leads["size"] * 2
    leads["size"][:] = 0
    return answer


@model(version="1", status="active", batch=True, fields={"size": int})
def doubles(leads: polars.DataFrame):
    return leads["size"] * 2


@model(version="1", status="active", batch=True, fields={"size": int})
def leaves(leads: polars.DataFrame):
    sys.exit("from a frame")


@model(version="1", status="active")
def returns_junk(size: int):
    return [object(), float("nan"), {"score": "high"}, b"bytes"][size % 4]


@model(version="1", status="active")
def threads(size: int):
    threading.Thread(target=lambda: print("from a thread")).start()
    if size == 7:
        threading.Thread(target=threading.Event().wait).start()  # it never ends
    return size


@summary_model(version="1", models=["tame"], status="active")
def meddles(tame):
    try:
        tame.score = 1000
    except AttributeError:
        pass
    tame.output["tags"] = "changed by a summary"
    return tame.score


@summary_model(version="1", models=["tame"], status="active")
def sees(tame):
    return {"score": tame.score, "tags": tame.output and tame.output["tags"]}
"""

ERROR = {
    "exits@1": {"SystemExit"},
    "raises@1": {"Odd", "GeneratorExit"},
    "leaves@1": {"SystemExit"},
    "returns_junk@1": {"AnswerError"},
}


@pytest.fixture(scope="module")
def wild(tmp_path_factory: pytest.TempPathFactory, make_play: Any) -> Any:
    """Give a project of such models."""
    play = make_play(tmp_path_factory.mktemp("wild") / "project")
    (play.folder / "mlsm.toml").write_text(MANIFEST)
    play.models.write_text(MODELS)
    leads = [{"lead_id": f"{n:02}", "size": n, "tags": [f"tag {n}"]} for n in range(10)]
    (play.folder / "leads.ndjson").write_text("".join(json.dumps(lead) + "\n" for lead in leads))
    return play


@pytest.fixture(scope="module")
def done(wild: Any) -> Any:
    """Score with them."""
    done = wild.run("leads.ndjson", "--json", "--out", "results.ndjson")
    assert 0 == done.returncode, done.stderr
    return done


@pytest.fixture(scope="module")
def results(done: Any, wild: Any) -> dict[str, list[Any]]:
    """Give what each model said of the leads, in their order."""
    return by_model([json.loads(line) for line in (wild.folder / "results.ndjson").read_text().splitlines()])


def by_model(results: list[Any]) -> dict[str, list[Any]]:
    """Part results by model, each in the order of the leads."""
    found: dict[str, list[Any]] = {}
    for result in results:
        found.setdefault(f"{result['model']}@{result['version']}", []).append(result)
    return found


def test_the_document_on_stdout_stays_whole(done: Any) -> None:
    """`--json` on stdout is one document, whatever models print or write; that goes to stderr."""
    told = json.loads(done.stdout)
    assert (10, 140) == (told["records"], sum(sum(counts.values()) for counts in told["counts"].values()))
    for text in ("imported", "printed", "written to descriptor 1", "echoed by a child", "printed by C"):
        assert text in done.stderr


def test_a_thread_that_never_ends_does_not_keep_the_command(done: Any) -> None:
    """Its work done, the command says that a thread still ran, and ends with the code of its work."""
    assert "1 thread of models still ran; ended." in done.stderr


def test_results_on_stdout_stay_clean(wild: Any) -> None:
    """`--out -` gives the results and nothing else."""
    done = wild.run("leads.ndjson", "--no-store", "--out", "-")
    assert 0 == done.returncode, done.stderr
    assert 141 == len(done.stdout.splitlines())
    assert done.stdout.startswith("record_id,model,version,")


def test_what_a_model_does_is_a_result_of_its_own(results: Any) -> None:
    """Whatever a model raises is an `error` of its own lead; no other model or lead is the worse for it."""
    assert {10} == {len(found) for found in results.values()}
    for key, types in ERROR.items():
        assert ({"error"}, types) == (
            {result["outcome"] for result in results[key]},
            {result["error"]["type"] for result in results[key]},
        )
    for key in ("tame@1", "prints@1", "threads@1", "meddles@1", "sees@1"):
        assert [("ok", float(n)) for n in range(10)] == [
            (result["outcome"], result["score"]) for result in results[key]
        ]
    for key in ("overwrites@1", "zeroes@1", "doubles@1"):
        assert [2.0 * n for n in range(10)] == [result["score"] for result in results[key]]
    assert [(["ok", "error"][n % 2]) for n in range(10)] == [result["outcome"] for result in results["stops@1"]]


def test_what_a_model_changes_is_its_own(results: Any) -> None:
    """Fields, lists in them, frames and upstreams are the others' as they came."""
    assert [2.0] * 10 == [result["score"] for result in results["changes@1"]]
    for key in ("tame@1", "sees@1"):
        assert [[f"tag {n}"] for n in range(10)] == [result["output"]["tags"] for result in results[key]]


def test_a_run_whose_process_a_model_took_with_it_ends_with_the_next_try(tmp_path: Path, make_play: Any) -> None:
    """A process died of a lead; the next one leaves the scoring to workers, and only that lead is `crashed`."""
    play = make_play(tmp_path / "project")
    (play.folder / "mlsm.toml").write_text(MANIFEST)
    play.models.write_text(
        "import os\nfrom mlsm import model\n\n\n@model(version='1', status='active')\ndef leaves(size: int):\n"
        "    return os._exit(9) if size == 5 else size\n"
    )
    (play.folder / "leads.ndjson").write_text("".join(f'{{"lead_id": "{n}", "size": {n}}}\n' for n in range(10)))
    assert 9 == play.run("leads.ndjson", "--resume", "--json").returncode
    done = play.run("leads.ndjson", "--resume", "--json")
    assert 0 == done.returncode, done.stderr
    assert {"ok": 9, "crashed": 1} == json.loads(done.stdout)["counts"]["leaves@1"]


def test_a_run_that_was_stopped_before_its_process_died_ends_with_the_next_try(tmp_path: Path, make_play: Any) -> None:
    """Ctrl-C closed the run in order; the try after it died of a lead, and that is what the next one goes by."""
    play = make_play(tmp_path / "project")
    (play.folder / "mlsm.toml").write_text(MANIFEST)
    play.models.write_text(
        "from pathlib import Path\nimport os\nfrom mlsm import model\n\n\n@model(version='1', status='active')\n"
        "def leaves(size: int):\n    stopped = Path('stopped')\n    if size == 5 and not stopped.exists():\n"
        "        stopped.touch()\n        raise KeyboardInterrupt\n    return os._exit(9) if size == 5 else size\n"
    )
    (play.folder / "leads.ndjson").write_text("".join(f'{{"lead_id": "{n}", "size": {n}}}\n' for n in range(10)))
    assert [130, 9] == [play.run("leads.ndjson", "--resume").returncode for _ in range(2)]
    done = play.run("leads.ndjson", "--resume", "--json")
    assert 0 == done.returncode, done.stderr
    assert {"ok": 9, "crashed": 1} == json.loads(done.stdout)["counts"]["leaves@1"]
