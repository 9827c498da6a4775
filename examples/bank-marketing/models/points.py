"""A points table, and its draft: which clients take a term deposit.

`duration`, the length of the call, is no field: it is known only after the call.
"""

from mlsm import model

LABELS = ("hot", "warm", "cold")


@model(version="1.0", range=(0, 100), labels=LABELS)
def points(
    age: int,
    job: str,
    education: str | None,
    balance: int,
    housing: bool,
    loan: bool,
    default: bool,
    poutcome: str | None,
    previous: int,
) -> dict | None:
    """Add the points of a client; one with a loan in default is none of ours."""
    if default:
        return None
    total = shared_points(job, education, balance, loan, poutcome, previous)
    total += 10 if age < 26 or age >= 60 else 0
    total -= 10 if housing else 0
    return answer(total)


@model(version="2.0", name="points", range=(0, 100), labels=LABELS)
def points_2(
    age: int,
    job: str,
    education: str,
    balance: int,
    housing: bool,
    loan: bool,
    default: bool,
    poutcome: str | None,
    previous: int,
) -> dict | None:
    """Think more of seniors and less of houses; education must be known."""
    if default:
        return None
    total = shared_points(job, education, balance, loan, poutcome, previous)
    total += 10 if age < 26 else 15 if age >= 60 else 0
    total -= 15 if housing else 0
    return answer(total)


def shared_points(
    job: str, education: str | None, balance: int, loan: bool, poutcome: str | None, previous: int
) -> int:
    """Add what both versions agree on."""
    total = 20
    total += 15 if job in ("student", "retired") else 0
    total += 10 if education == "tertiary" else 0
    total += 10 if balance >= 1500 else 0
    total -= 5 if balance < 0 else 0
    total -= 5 if loan else 0
    total += 35 if poutcome == "success" else 0
    total += 5 if previous >= 1 else 0
    return total


def answer(total: int) -> dict:
    """Cap the points at 0 and 100, and say what they mean."""
    score = max(0, min(100, total))
    return {"score": score, "label": "hot" if score >= 60 else "warm" if score >= 30 else "cold"}
