"""What one record costs in process: five row functions and a summary, above the bare calls."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from benchmarks._leads import best, budget, fit, leads, reach, recency, trust

import mlsm

CALLS = 5_000
TURNS = 30
TARGET = 15.0
FIELDS: dict[Callable[..., float], dict[str, Any]] = {
    fit: {"employees": int, "country": str, "title": str | None},
    recency: {"days": int, "visits": int},
    budget: {"revenue": float, "source": str},
    reach: {"visits": int, "country": str},
    trust: {"employees": int, "revenue": float},
}


def main() -> None:
    """Print the table."""
    catalog = models()
    (lead,) = leads(1)
    as_text = {name: "" if value is None else str(value) for name, value in lead.items()}
    now = datetime.now(UTC)
    bare = least(lambda: calls(lead))
    rows = {
        "bare calls": bare,
        "score_one": least(lambda: mlsm.score_one(catalog, lead)),
        "score_one, clock given": least(lambda: mlsm.score_one(catalog, lead, as_of=now)),
        "score_one, all values as text": least(lambda: mlsm.score_one(catalog, as_text)),
    }
    print(f"one record, five row functions and a summary, least of {TURNS} turns of {CALLS:,}")
    print(f"{'':38}{'µs':>8}{'above the bare calls':>24}")
    for what, micros in rows.items():
        print(f"{what:38}{micros:8.2f}{micros - bare:24.2f}")
    above = rows["score_one"] - bare
    print(f"\n{above:.2f} µs above the bare calls (at most {TARGET:g}: {'kept' if above <= TARGET else 'MISSED'})")


def models() -> mlsm.Catalog:
    """Make five active models and a summary over three of them."""
    made = [mlsm.model(version="1", status="active", fields=fields)(function) for function, fields in FIELDS.items()]

    @mlsm.summary_model(name="best", version="1", status="active", models=["fit", "recency", "budget"])
    def blend(fit: Any, recency: Any, budget: Any) -> float:
        return best(fit.score, recency.score, budget.score)

    return mlsm.Catalog([*made, blend])


def calls(lead: dict[str, Any]) -> tuple[float, ...]:
    """Call the functions as a script would."""
    one = fit(lead["employees"], lead["country"], lead["title"])
    two = recency(lead["days"], lead["visits"])
    three = budget(lead["revenue"], lead["source"])
    four = reach(lead["visits"], lead["country"])
    five = trust(lead["employees"], lead["revenue"])
    return one, two, three, four, five, best(one, two, three)


def least(call: Callable[[], object]) -> float:
    """Give the least microseconds a call."""
    call()
    return min(timeit.repeat(call, number=CALLS, repeat=TURNS)) / CALLS * 1e6


if __name__ == "__main__":
    main()
