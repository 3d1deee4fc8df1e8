"""Messages in parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.bus.jetstream.parts import HEADER, MAX_OPEN, Assembly, divide


@given(st.binary(max_size=400), st.integers(1, 50))
def test_what_is_divided_comes_together_again(payload: bytes, size: int) -> None:
    assembly, whole = Assembly(), None
    for headers, part in divide("m", payload, size):
        assert len(part) <= size
        whole = part if headers is None else assembly.add(headers[HEADER], part)
    assert whole == payload


def test_messages_come_together_beside_each_other() -> None:
    assembly = Assembly()
    assert [assembly.add(*piece) for piece in [("a 0 2", b"1"), ("b 0 2", b"2"), ("a 1 2", b"3"), ("b 1 2", b"4")]] == [
        None,
        None,
        b"13",
        b"24",
    ]


def test_a_message_that_lost_a_part_is_given_up() -> None:
    assembly = Assembly()
    assert assembly.add("a 0 3", b"1") is None
    assert assembly.add("a 2 3", b"3") is None
    assert assembly.add("a 1 3", b"2") is None


def test_what_is_no_header_of_ours_is_dropped() -> None:
    assert Assembly().add("nonsense", b"x") is None


def test_open_messages_are_bounded() -> None:
    assembly = Assembly()
    for number in range(MAX_OPEN + 1):
        assembly.add(f"{number} 0 2", b"x")
    assert assembly.add("0 1 2", b"y") is None
    assert assembly.add(f"{MAX_OPEN} 1 2", b"y") == b"xy"
