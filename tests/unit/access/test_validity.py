"""The two dates of a certificate, as a library for all of X.509 reads them."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.access.validity import validity

KEY = ec.generate_private_key(ec.SECP256R1())
MOMENTS = st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2400, 1, 1)).map(  # noqa: DTZ001 - made aware at once
    lambda moment: moment.replace(microsecond=0, tzinfo=dt.UTC)
)


def der(begins: dt.datetime, ends: dt.datetime, name: str = "server") -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .sign(KEY, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


@settings(max_examples=30, deadline=None)
@given(moments=st.tuples(MOMENTS, MOMENTS), name=st.text("x", min_size=1, max_size=60))
@example(moments=(dt.datetime(1999, 12, 31, 23, 59, 59, tzinfo=dt.UTC),) * 2, name="x")
@example(moments=(dt.datetime(2049, 12, 31, tzinfo=dt.UTC), dt.datetime(2050, 1, 1, tzinfo=dt.UTC)), name="x")
def test_dates(moments: tuple[dt.datetime, dt.datetime], name: str) -> None:
    begins, ends = sorted(moments)
    assert validity(der(begins, ends, name)) == (begins.timestamp(), ends.timestamp())


GOOD = der(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 1, tzinfo=dt.UTC))


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x80", b"\x30\xff", b"-----BEGIN", GOOD[:60], GOOD[1:]])
def test_what_is_no_certificate_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(ValueError, match="expected a certificate"):
        validity(data)


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, 200), byte=st.integers(0, 255))
def test_a_spoiled_one_has_dates_or_is_none(at: int, byte: int) -> None:
    spoiled = GOOD[:at] + bytes((byte,)) + GOOD[at + 1 :]
    try:
        begins, ends = validity(spoiled)
    except ValueError:
        return
    assert isinstance(begins + ends, float)
