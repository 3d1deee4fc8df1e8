"""What each operator does with each value, null and absence included."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.conditions import ABSENT, Condition, kind_of


@pytest.mark.parametrize(
    ("operator", "operand", "holds", "holds_not"),
    [
        ("eq", 2, [2, 2.0], [3, True, "2", None, ABSENT, [2]]),
        ("eq", 1, [1], [True]),
        ("eq", True, [True], [1, False, None]),
        ("eq", "a", ["a"], ["A", None, ABSENT]),
        ("neq", 2, [3, 2.5], [2, "3", None, ABSENT, True]),
        ("in", (1, 2), [1, 2.0], [3, True, None, ABSENT, "1"]),
        ("lt", 2, [1, 1.9, -1], [2, 3, None, "1", False]),
        ("lte", 2, [2, 1], [2.1, None]),
        ("gt", "b", ["c", "ba"], ["b", "B", None, 3]),
        ("gte", 2, [2, 10**30], [1, None, ABSENT]),
        ("is_null", True, [None], [1, "", False, ABSENT]),
        ("is_null", False, [1, "", False, []], [None, ABSENT]),
    ],
)
def test_operators(operator: str, operand: Any, holds: list[Any], holds_not: list[Any]) -> None:
    first = operand[0] if isinstance(operand, tuple) else operand
    condition = Condition("c", operator, kind_of(first) or "json", operand)
    for value in holds:
        assert condition.holds({"c": value}), value
    for value in holds_not:
        assert not condition.holds({} if value is ABSENT else {"c": value}), value


def test_conditions_of_another_kind_are_other_conditions() -> None:
    assert Condition("c", "eq", "number", 1) != Condition("c", "eq", "boolean", True)
    assert len({Condition("c", "eq", "number", 1), Condition("c", "eq", "boolean", True)}) == 2
