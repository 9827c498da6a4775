"""Answers of a real PostgreSQL: its types, its errors, and nothing of a password."""

from __future__ import annotations

from typing import Any

import pytest
from tests.servers.postgres import PostgresServer

from mlsm.errors import InputError
from mlsm.readers import ask

UUID = "00000000-0000-4000-8000-000000000042"
TYPES = {
    "7::int8": 7,
    "'Ada'::text": "Ada",
    "12.5::numeric(10, 2)": 12.5,
    "1.5::float4": 1.5,
    "NULL::numeric": None,
    "9007199254740992::numeric": 2.0**53,
    "12345678901234567.89::numeric": 12345678901234567.89,
    "true": True,
    f"'{UUID}'::uuid": UUID,
    """'{"a": 1}'::jsonb""": '{"a": 1}',
}


@pytest.mark.parametrize("written", list(TYPES))
def test_values_come_as_models_read_them(postgres: PostgresServer, written: str) -> None:
    """Numbers of any precision are numbers, ids of the type uuid are text."""
    (part,) = ask(postgres.url(), f"SELECT {written} AS found").parts(10)
    assert [TYPES[written]] == [*part.columns["found"]]


def test_a_long_answer_comes_in_its_order(postgres: PostgresServer) -> None:
    """Parts are cut by row number, in the order of the query, every time the same."""
    reader = ask(
        postgres.url(), "SELECT i AS id, repeat('x', 99) AS t FROM generate_series(1, 50000) i ORDER BY i DESC"
    )
    for _ in range(2):
        found: list[Any] = [value for part in reader.parts(7_000) for value in part.columns["id"]]
        assert list(range(50_000, 0, -1)) == found


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT nothing FROM nowhere", '"nowhere" does not exist'),
        ("CREATE TABLE mine (id int)", "read-only"),
        ("SELECT 1; SELECT 2", "multiple commands"),
        ("SELECT 1 / 0 AS id", "division by zero"),
        ("SELECT 1 / (90000 - i) AS id FROM generate_series(1, 100000) i", "division by zero"),
        ("SELECT row(1, 2) AS id", "values of a type that cannot be read"),
        ("SELECT 1 AS id, 2 AS id", "gives 1 name to more than one column: 'id'"),
        ("SELECT 1::money AS price", "'price'; expected numbers"),
        ("SELECT 12345678901234567890::numeric AS id", "'id' of .* holds 12345678901234567890, which"),
    ],
)
def test_a_query_that_is_refused_is_told(postgres: PostgresServer, query: str, told: str) -> None:
    """The server's own sentence is told, with a way out; nothing is changed."""
    with pytest.raises(InputError, match=told) as caught:
        ask(postgres.url(), query)
    assert "Hint" in str(caught.value)


@pytest.mark.parametrize("end", ["; ", "\n-- the end", " /* the end */"])
def test_a_query_may_end_as_people_end_it(postgres: PostgresServer, end: str) -> None:
    """A semicolon or a comment at the end changes nothing."""
    (part,) = ask(postgres.url(), f"SELECT 7 AS found{end}").parts(10)
    assert [7] == [*part.columns["found"]]


def test_a_wrong_password_is_not_shown(postgres: PostgresServer) -> None:
    """A refused login is told without the password."""
    postgres.ask("CREATE ROLE grace LOGIN PASSWORD 'another'")
    postgres.admit("local all grace scram-sha-256")
    with pytest.raises(InputError, match="password authentication failed") as caught:
        ask(postgres.url().replace("//postgres:@", "//grace:open-sesame@"), "SELECT 1")
    assert "sesame" not in str(caught.value)
