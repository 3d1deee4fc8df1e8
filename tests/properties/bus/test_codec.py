"""Every message comes back as it was sent, and no bytes raise anything but Malformed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.codec import Malformed, decode_from_gateway, decode_published, decode_reply, encode
from shared.bus.messages import FromGateway, Published, Reply
from shared.catalog import Catalog, Table

WHOLE = st.integers(-(2**63), 2**63 - 1)
"""What an integer on the wire may be: seqs are PostgreSQL's bigint."""

TIMES = st.floats(-62_135_596_800, 253_402_300_799)
"""What a number with a fraction may be: a time that RFC 3339 can say."""

for leaf, strategy in ((int, WHOLE), (float, TIMES), (str, st.text(max_size=20))):
    st.register_type_strategy(leaf, strategy)
st.register_type_strategy(
    Catalog, st.builds(Catalog, st.dictionaries(st.text(max_size=8), st.from_type(Table), max_size=3))
)

DECODERS: tuple[Callable[[bytes], object], ...] = (decode_published, decode_from_gateway, decode_reply)

published = st.from_type(Published)  # type: ignore[arg-type]
from_gateway = st.from_type(FromGateway)  # type: ignore[arg-type]
replies = st.from_type(Reply)  # type: ignore[arg-type]


@given(message=published)
def test_what_is_published_comes_back(message: Published) -> None:
    assert decode_published(encode(message)) == message


@given(message=from_gateway)
def test_what_a_gateway_says_comes_back(message: FromGateway) -> None:
    assert decode_from_gateway(encode(message)) == message


@given(message=replies)
def test_what_is_replied_comes_back(message: Reply) -> None:
    assert decode_reply(encode(message)) == message


def _decode_or_refuse(payload: bytes) -> None:
    for decode in DECODERS:
        with suppress(Malformed):
            decode(payload)


@given(payload=st.binary(max_size=200))
def test_bytes_are_a_message_or_malformed(payload: bytes) -> None:
    _decode_or_refuse(payload)


_json = st.recursive(
    st.none() | st.booleans() | WHOLE | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(value=_json)
def test_messagepack_of_anything_is_a_message_or_malformed(value: object) -> None:
    _decode_or_refuse(msgspec.msgpack.encode(value))


@given(
    message=st.one_of(published, from_gateway, replies),
    cut=st.integers(0, 300),
    byte=st.integers(0, 255),
)
def test_a_damaged_message_is_a_message_or_malformed(
    message: Published | FromGateway | Reply, cut: int, byte: int
) -> None:
    payload = bytearray(encode(message))
    place = cut % len(payload)
    _decode_or_refuse(bytes(payload[:place]))
    payload[place] = byte
    _decode_or_refuse(bytes(payload))
