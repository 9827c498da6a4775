"""The command line with MongoDB: scored into, looked at, imported from; failures without a traceback."""

from __future__ import annotations

import json
from typing import Any

from pymongo import MongoClient
from tests.servers.mongo import Mongod, free_port


def test_a_project_scores_into_mongodb(scored: Any, mongo_standalone: Mongod) -> None:
    """`--store mongodb://…` keeps what the embedded store keeps; a copy says the same."""
    url = mongo_standalone.url()
    done = scored.here("store", "copy", "sqlite:///mlsm.db", url)
    assert (0, "all of it was compared" in done.stdout) == (done.returncode, True), done.stderr
    assert 0 == scored.here("score", "second.csv", "--store", url).returncode
    told = json.loads(scored.here("store", "check", "--store", url, "--json").stdout)
    assert (len(scored.json("runs")) + 1, []) == (told["runs"], told["faults"])


def test_a_collection_of_the_original_is_imported(scored: Any, mongo_standalone: Mongod) -> None:
    """`store import-original` says what it did, and the second time that all is there."""
    url = mongo_standalone.url()
    with MongoClient[dict[str, Any]](url) as client:
        results = {"old": {"1": {"score": 3.5, "_status": "active"}}}
        client.get_default_database().scores.insert_one(
            {"email": "ada", "_current": 0, "_timestamp": 100, "results": results}
        )
    done = scored.here("store", "import-original", url, "scores", "--id", "email")
    assert "Imported 1 document with 1 result into" in done.stdout, done.stderr
    assert "already" in scored.here("store", "import-original", url, "scores", "--id", "email").stdout
    wrong = scored.here("store", "import-original", url, "scores", "--id", "mail")
    assert (1, True, False) == (wrong.returncode, "Hint: " in wrong.stderr, "Traceback" in wrong.stderr)


def test_leads_of_a_collection_are_scored(scored: Any, mongo_standalone: Mongod) -> None:
    """`--from mongodb://… --collection C --filter F` scores documents; a resumed run knows them."""
    url = mongo_standalone.url()
    with MongoClient[dict[str, Any]](url) as client:
        leads = [{"lead_id": f"m{number}", "email": "x@example.com", "even": number % 2 == 0} for number in range(9)]
        client.get_default_database().leads.insert_many(leads)
    asked = ("score", "--from", url, "--collection", "leads", "--filter", '{"even": true}', "--force")
    told = json.loads(scored.here(*asked, "--json").stdout)
    assert (5, 0) == (told["records"], told["rejected"])
    assert 0 == scored.here("lead", "m8").returncode
    assert 1 == scored.here("lead", "m7").returncode
    for wrong in (("--filter", "[1]"), ("--filter", "{"), ("--query", "select")):
        done = scored.here("score", "--from", url, "--collection", "leads", *wrong)
        assert (1, True, False) == (done.returncode, "Hint: " in done.stderr, "Traceback" in done.stderr)


def test_a_server_that_is_away_is_no_traceback(scored: Any) -> None:
    """What cannot be reached ends with 1, a sentence and the way out, without the password."""
    url = f"mongodb://ada:secret@127.0.0.1:{free_port()}/leads?serverSelectionTimeoutMS=200"
    done = scored.here("score", "second.csv", "--store", url)
    assert (1, "") == (done.returncode, done.stdout)
    assert "Could not reach the store" in done.stderr
    assert "Hint: " in done.stderr
    assert ("Traceback" in done.stderr, "secret" in done.stderr) == (False, False)
