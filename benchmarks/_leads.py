"""Leads and scoring functions for benchmarks: the standard library only, for any Python since 3.8."""

import random

POINTS = {"DE": 10.0, "FR": 8.0, "US": 9.0, "GB": 7.0}


def leads(count):
    """Draw flat records, the same every time."""
    draw = random.Random(1)
    return [
        {
            "id": f"{number:07d}",
            "employees": draw.randint(1, 5_000),
            "country": draw.choice(["DE", "FR", "US", "PL"]),
            "title": draw.choice(["Chief Officer", "Engineer", None, "Head of Sales"]),
            "days": draw.randint(0, 400),
            "visits": draw.randint(0, 40),
            "revenue": draw.random() * 1e7,
            "source": draw.choice(["web", "fair", "import"]),
        }
        for number in range(count)
    ]


def fit(employees, country, title):
    """Give points for the company and the person."""
    points = POINTS.get(country, 2.0) + (30.0 if employees > 1_000 else 20.0 if employees > 200 else 5.0)
    if title is not None and "chief" in title.lower():
        points += 20.0
    return points


def recency(days, visits):
    """Halve the interest every thirty days."""
    return 100.0 * 0.5 ** (days / 30) + min(visits, 20)


def budget(revenue, source):
    """Guess what there is to spend."""
    return (revenue / 1e5) ** 0.5 + (5.0 if source == "fair" else 0.0)


def reach(visits, country):
    """Weigh visits by the market."""
    return visits * 1.5 + POINTS.get(country, 2.0)


def trust(employees, revenue):
    """Compare turnover with size."""
    return min(100.0, revenue / employees / 1_000)


def best(fit_score, recency_score, budget_score):
    """Blend three scores."""
    return 0.5 * fit_score + 0.3 * recency_score + 0.2 * budget_score
