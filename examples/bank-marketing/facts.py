"""Compute facts about scoring the bank's clients, with the standard library alone.

The rules are those of this folder's README, written a second time without mlsm, so that
what mlsm makes of the same file can be held against a calculation that shares no code
with it.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

FILE = "bank-full.csv.gz"
NULL = "unknown"
DECIMALS = 9
"""Places kept of a score: libraries differ in the last bits of an exponential."""
CHOSEN = (1, 2, 4, 5, 8, 24, 839, 8_674, 24_081, 31_222, 33_196, 41_938, 45_211)
"""Rows, from 1, that between them meet every outcome of every model."""


class Answer(NamedTuple):
    """What one model version said of one client."""

    outcome: str
    score: float | None = None
    label: str | None = None


Row = dict[str, str]
Lead = dict[str, Answer]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the facts as JSON with sorted keys."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", metavar="FOLDER", type=Path, help=f"the folder that holds {FILE} (or MLSM_DATA)")
    path = find(parser.parse_args(arguments).data)
    if path is None:
        print(f"No {FILE} in the folders given. Hint: name its folder with --data or MLSM_DATA.", file=sys.stderr)
        return 1
    json.dump(facts(list(rows(path))), sys.stdout, indent=2, sort_keys=True)
    print()
    return 0


def find(folder: Path | None) -> Path | None:
    """Find the clients' file in the folder given, in MLSM_DATA, or beside the checkout."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    declared = os.environ.get("MLSM_DATA")
    folders = [folder] if folder else [*([Path(declared)] if declared else []), beside]
    candidates = [place for base in folders for place in (base / "bank-marketing" / FILE, base / FILE)]
    return next((place for place in candidates if place.exists()), None)


def rows(path: Path) -> Iterator[Row]:
    """Yield the clients in the order of the file."""
    with gzip.open(path, "rt", encoding="ascii", newline="") as lines:
        yield from csv.DictReader(lines, delimiter=";")


def score(row: Row) -> Lead:
    """Score one client with every model version."""
    points, affinity = points_1(row), affinity_1(row)
    return {
        "points@1.0": points,
        "points@2.0": points_2(row),
        "affinity@1.0": affinity,
        "best@1.0": best_1(points, affinity),
    }


def points_1(row: Row) -> Answer:
    """Add the points of a client; a loan in default is outside of the model."""
    return _points(row, nullable=("education",), senior=10, housing=10)


def points_2(row: Row) -> Answer:
    """Add the points of the draft: seniors gain more, houses cost more, education is needed."""
    return _points(row, nullable=(), senior=15, housing=15)


def _points(row: Row, *, nullable: tuple[str, ...], senior: int, housing: int) -> Answer:
    if any(row[field] == NULL and field not in nullable for field in ("job", "education")):
        return Answer("invalid")
    if row["default"] == "yes":
        return Answer("abstained")
    age, balance = int(row["age"]), int(row["balance"])
    total = (
        20
        + 15 * (row["job"] in {"student", "retired"})
        + 10 * (row["education"] == "tertiary")
        + 10 * (balance >= 1500)
        - 5 * (balance < 0)
        - housing * (row["housing"] == "yes")
        - 5 * (row["loan"] == "yes")
        + 35 * (row["poutcome"] == "success")
        + 5 * (int(row["previous"]) >= 1)
        + 10 * (age < 26)
        + senior * (age >= 60)
    )
    capped = float(max(0, min(100, total)))
    return Answer("ok", capped, _band(capped, hot=60, warm=30, cold=-math.inf))


def affinity_1(row: Row) -> Answer:
    """Estimate the affinity from the season, the way of contact and the calls so far."""
    z = (
        -2.2
        + 1.2 * (row["month"] in {"mar", "sep", "oct", "dec"})
        - 0.08 * min(int(row["campaign"]), 10)
        + 0.9 * (int(row["pdays"]) >= 0)
        + {"cellular": 0.3, NULL: -0.6}.get(row["contact"], 0.0)
    )
    return Answer("ok", 100 / (1 + math.exp(-z)))


def best_1(points: Answer, affinity: Answer) -> Answer:
    """Weigh points and affinity, or take the affinity alone where there are no points."""
    if affinity.score is None:
        return Answer("skipped")
    total = affinity.score if points.score is None else 0.6 * points.score + 0.4 * affinity.score
    return Answer("ok", total, _band(total, call=40, maybe=20, wait=-math.inf))


def _band(total: float, **bands: float) -> str:
    return next(label for label, least in bands.items() if total >= least)


def facts(clients: Sequence[Row]) -> dict[str, Any]:
    """Count, average and rank what the models said of all clients."""
    leads = [score(row) for row in clients]
    yes = [row["y"] == "yes" for row in clients]
    models = list(leads[0])
    best = [round(lead["best@1.0"].score or 0.0, DECIMALS) for lead in leads]
    order = sorted(range(len(best)), key=lambda place: (-best[place], place))
    return {
        "rows": len(clients),
        "converted": sum(yes),
        "outcomes": {model: _counts(leads, model, lambda answer: answer.outcome) for model in models},
        "labels": {model: _counts(leads, model, lambda answer: answer.label) for model in models},
        "mean": {model: _mean(leads, model) for model in models},
        "auc": {"best@1.0": round(area(best, yes), DECIMALS)},
        "top": [place + 1 for place in order[:10]],
        "chosen": {str(row): _shown(leads[row - 1]) for row in CHOSEN},
    }


def area(scores: Sequence[float], yes: Sequence[bool]) -> float:
    """Give the area under the ROC curve by ranks (Mann-Whitney), ties at their mean rank.

    Returns:
        The chance that a random yes scores above a random no, a tie counting half.
    """
    order = sorted(range(len(scores)), key=scores.__getitem__)
    doubled = 0  # twice the sum of the ranks of every yes, so that it stays an integer
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            end += 1
        doubled += (start + 1 + end) * sum(yes[place] for place in order[start:end])
        start = end
    wins = sum(yes)
    return (doubled / 2 - wins * (wins + 1) / 2) / (wins * (len(yes) - wins))


def _counts(leads: Sequence[Lead], model: str, what: Callable[[Answer], str | None]) -> dict[str, int]:
    return dict(Counter(told for lead in leads if (told := what(lead[model])) is not None))


def _mean(leads: Sequence[Lead], model: str) -> float:
    scores = [answer.score for lead in leads if (answer := lead[model]).score is not None]
    return round(math.fsum(scores) / len(scores), DECIMALS)


def _shown(lead: Lead) -> dict[str, dict[str, Any]]:
    return {
        model: {
            "outcome": answer.outcome,
            "score": None if answer.score is None else round(answer.score, DECIMALS),
            "label": answer.label,
        }
        for model, answer in lead.items()
    }


if __name__ == "__main__":
    sys.exit(main())
