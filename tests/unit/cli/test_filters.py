"""The words of ``--where``."""

from __future__ import annotations

from typing import Any

import pytest

from services.cli.filters import FilterError, parse_where
from services.gateway.conditions import OPERATORS


@pytest.mark.parametrize(
    ("word", "where"),
    [
        ("destination_id=jemmal", {"destination_id": {"eq": "jemmal"}}),
        ("destination_id = ksar hellal ", {"destination_id": {"eq": "ksar hellal"}}),
        ("available_seats<=2", {"available_seats": {"lte": 2}}),
        ("available_seats>=2", {"available_seats": {"gte": 2}}),
        ("base_price<2.4", {"base_price": {"lt": 2.4}}),
        ("base_price>2.4", {"base_price": {"gt": 2.4}}),
        ("status!=READY", {"status": {"neq": "READY"}}),
        ("is_active=true", {"is_active": {"eq": True}}),
        ('id="2"', {"id": {"eq": "2"}}),
        ("id=2b", {"id": {"eq": "2b"}}),
        ("note=", {"note": {"eq": ""}}),
        ("note=a=b", {"note": {"eq": "a=b"}}),
        ("note=[1]", {"note": {"eq": "[1]"}}),
        ("queueType=NORMAL", {"queueType": {"eq": "NORMAL"}}),
        ("status in WAITING, LOADING", {"status": {"in": ["WAITING", "LOADING"]}}),
        ("seats IN 1,2", {"seats": {"in": [1, 2]}}),
        ("id in 2,2b", {"id": {"in": ["2", "2b"]}}),
        ("seats in 1,2.5", {"seats": {"in": [1, 2.5]}}),
        ("cancelled_at is null", {"cancelled_at": {"is_null": True}}),
        ("cancelled_at IS NOT NULL", {"cancelled_at": {"is_null": False}}),
        ("plate=was in, is null", {"plate": {"eq": "was in, is null"}}),
    ],
)
def test_a_condition_is_read(word: str, where: dict[str, Any]) -> None:
    assert parse_where([word]) == where


def test_every_operator_of_the_protocol_can_be_written() -> None:
    words = ["a=1", "a!=1", "a<1", "a<=1", "a>1", "a>=1", "a in 1,2", "a is null"]
    assert set(parse_where(words)["a"]) == set(OPERATORS)


def test_conditions_on_one_column_join() -> None:
    assert parse_where(["seats>=1", "seats<3", "status=READY"]) == {
        "seats": {"gte": 1, "lt": 3},
        "status": {"eq": "READY"},
    }


@pytest.mark.parametrize("word", ["", "status", "=READY", "status like a", "in a,b", "status=null", "status in a,null"])
def test_what_is_no_condition_is_refused_with_a_sentence(word: str) -> None:
    with pytest.raises(FilterError, match="expected a"):
        parse_where([word])


def test_the_same_operator_twice_on_a_column_is_refused() -> None:
    with pytest.raises(FilterError, match="a second one in 'status=B'"):
        parse_where(["status=A", "status=B"])
