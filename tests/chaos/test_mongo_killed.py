"""Killed, cut off or left by its server, a run into MongoDB ends in the results of an undisturbed one."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.chaos.proxy import Proxy
from tests.chaos.stored import begun, check_whole, runs_of
from tests.servers.mongo import Mongod, running

from mlsm.contracts import Selection
from mlsm.stores import open_store

_SERVERS = ("mongo_standalone", "mongo_replica")


@pytest.fixture
def own_server() -> Iterator[Mongod]:
    """Run a server that may be killed."""
    with running() as server:
        yield server


@pytest.mark.parametrize(
    ("kills", "seed"),
    [pytest.param(2, 2016, id="2 kills"), pytest.param(50, 2026, id="50 kills", marks=pytest.mark.chaos)],
)
@pytest.mark.timeout(3000)
def test_a_killed_run_resumes_to_the_same_end(
    kills: int, seed: int, reference: Any, new_play: Any, request: pytest.FixtureRequest
) -> None:
    """Wherever the scoring process is killed, the next one ends in the same results, on either kind of server."""
    draw = random.Random(seed)
    hits = 0
    while hits < kills:
        server: Mongod = request.getfixturevalue(_SERVERS[hits % 2])
        url, play = server.url(), new_play()
        for number in range(draw.randint(1, 2)):
            with begun(play, url, reference, draw.random() * 0.4, f"calls {number}") as process:
                time.sleep(draw.random() * 3 * reference.seconds_a_part)
                process.kill()
                process.communicate()
            hits += process.returncode == -signal.SIGKILL
        done = play.run(*play.command, "--resume", "--store", url)
        assert 0 == done.returncode, done.stderr
        check_whole(url, reference, play, runs=len(runs_of(url)))


@pytest.mark.parametrize(
    "rounds", [pytest.param(1, id="once"), pytest.param(10, id="10 times", marks=pytest.mark.chaos)]
)
@pytest.mark.timeout(900)
def test_a_server_killed_in_mid_run_costs_nothing(
    rounds: int, reference: Any, new_play: Any, own_server: Mongod
) -> None:
    """The run waits for a server that was killed and started again, and comes to its end without help."""
    draw = random.Random(2016)
    for number in range(rounds):
        url, play = own_server.url(), new_play()
        with begun(play, url, reference, draw.random() * 0.7, "calls") as process:
            own_server.kill()
            time.sleep(draw.random() * 0.3)
            own_server.start()
            _, err = process.communicate(timeout=120)
        assert 0 == process.returncode, (number, err)
        check_whole(url, reference, play)


@pytest.mark.parametrize(
    "cuts", [pytest.param(3, id="3 cuts"), pytest.param(30, id="30 cuts", marks=pytest.mark.chaos)]
)
@pytest.mark.timeout(900)
def test_a_connection_that_is_cut_costs_nothing(cuts: int, reference: Any, play: Any, mongo_standalone: Mongod) -> None:
    """Connections are cut all the while, and answers to notes of lanes are lost: the results are the same."""
    draw = random.Random(7)
    url = mongo_standalone.url()
    with Proxy(mongo_standalone.port, lost=(b"insert", b"mlsm_lanes"), times=cuts) as proxy:
        through = url.replace(str(mongo_standalone.port), str(proxy.port))
        ended = threading.Event()

        def cut() -> None:
            for _ in range(cuts):
                if ended.wait(draw.random() * 10 * reference.seconds_a_part):
                    return
                proxy.cut()

        with begun(play, through, reference, 0.02, "calls") as process:
            cutting = threading.Thread(target=cut)
            cutting.start()
            _, err = process.communicate(timeout=300)
            ended.set()
            cutting.join()
        assert proxy.left < cuts
    assert 0 == process.returncode, err
    check_whole(url, reference, play)


@pytest.mark.timeout(600)
def test_two_runs_at_once_over_the_same_leads(reference: Any, new_play: Any, mongo_standalone: Mongod) -> None:
    """Two processes score the same leads; a reader never misses a score that was there, nor sees two for a name."""
    url, plays = mongo_standalone.url(), [new_play(), new_play()]
    processes = [play.start(*play.command, "--store", url) for play in plays]
    store = open_store(url, Path())
    seen: set[tuple[str, str]] = set()
    try:
        while any(process.poll() is None for process in processes):
            found = [pair for frame in store.scores(Selection()) for pair in frame.select("record_id", "model").rows()]
            assert len(found) == len(set(found))
            assert seen <= set(found)
            seen = set(found)
            time.sleep(0.02)  # the runs need the machine, too
    finally:
        store.dispose()
        told = [process.communicate() for process in processes]
    assert [0, 0] == [process.returncode for process in processes], told
    check_whole(url, reference, plays[0], runs=2)


def test_a_server_that_stays_away_stops_the_run_resumable(reference: Any, play: Any, own_server: Mongod) -> None:
    """A run whose server stays away ends with 1 and says how it goes on; with the server back it does."""
    url = own_server.url()
    manifest = play.folder / "mlsm.toml"
    manifest.write_text(manifest.read_text().replace("[store]", "[store]\npatience = 2"))
    with begun(play, url, reference, 0.2, "calls 0") as process:
        own_server.kill()
        _out, err = process.communicate(timeout=120)
    assert (1, False) == (process.returncode, "Traceback" in err)
    assert "Could not reach the store" in err
    assert "--resume" in err
    own_server.start()
    done = play.run(*play.command, "--resume", "--store", url)
    assert 0 == done.returncode, done.stderr
    check_whole(url, reference, play)
