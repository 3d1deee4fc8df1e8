"""What a request says of where it comes from: hosts, origins, and whom proxies speak for."""

from __future__ import annotations

import ipaddress
from typing import Final

from shared.access.addresses import Networks, site
from shared.access.forwarding import Proxies
from shared.access.hosts import Surroundings, host_name
from shared.errors import ConfigurationError
from tests.fuzz import mutation
from tests.fuzz.chance import Chance
from tests.fuzz.target import Broken, Input, Target, stateless

_HOSTS: Final = (
    *((b"10.0.0.5", b"wasla.station", b"127.0.0.1:8765") * 3), b"127.0.0.1", b"localhost:8765", b"[::1]:8765",
    b"[::1", b"::1", b"wasla.station", b"WASLA.STATION.", b"user@host", b"10.0.0.5:99999", b"10.0.0.5:",
    b"[fe80::1%eth0]", b"[v1.x]", b"0x7f.1", b"2130706433", b"xn--e1a", b"a/b", b"a?b#c", "é.example".encode(),
    b"\xff", b"a\tb", b"[::ffff:10.0.0.5]", b"evil.example", b"127.0.0.1.evil.example", b"", b"%31",
)  # fmt: skip
_SCHEMES: Final = (
    b"http://",
    b"https://",
    b"http://",
    b"https://",
    b"HTTP://",
    b"file://",
    b"null",
    b"",
    b"chrome-extension://",
    b"://",
    b"http:",
)
_OURS: Final = Surroundings.of("10.0.0.5", "wasla.station", origins="https://pos.example.com")


def make_host(chance: Chance) -> Input:
    host = _spoilt(chance, chance.of(_HOSTS))
    return [_spoilt(chance, chance.of(_SCHEMES) + chance.of(_HOSTS)), host, chance.of((b"10.0.0.5", b"::1", b"", b"x"))]


def _spoilt(chance: Chance, text: bytes) -> bytes:
    return mutation.damaged(chance, text, _HOSTS) if not chance.strict and chance.happens(0.6) else text


def _judge(given: Input) -> str:
    origin, host, local = (part.decode("ascii", "surrogateescape") for part in given)
    name = host_name(host)
    admitted = _OURS.admits([origin], host, local)
    if admitted and not _OURS.knows(host, local) and origin.lower() not in _OURS.origins:
        raise Broken("a page was admitted by a host that is not known")
    try:
        Surroundings.of(host, origins=origin)
    except ConfigurationError:
        return f"admitted {admitted}, no setting"
    return f"admitted {admitted}, host {'known' if name else 'none'}"


_NODES: Final = (
    *((b"10.0.0.1", b"fd00::1", b"10.1.2.3:80", b"[fd00::2]:1", b"192.0.2.7") * 3), b"192.0.2.7", b"192.0.2.7:99999",
    b"[2001:db8::1]:80", b"2001:db8::1", b"[::1", b"unknown", b"_hidden", b"::ffff:10.0.0.2", b"010.0.0.1", b"1.2.3",
    b"999.1.1.1", b"fe80::1%eth0", b"", b" ", b"\xff", b'"', b"1" * 500,
)  # fmt: skip
_PROXIES: Final = {
    header: Proxies(Networks.of("WASLA_TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8"), header)
    for header in ("X-Forwarded-For", "Forwarded")
}
_PEER: Final = ipaddress.ip_address("10.0.0.9")


def make_forwarded(chance: Chance) -> Input:
    """Return a header's kind and its lines, of as many hops as there may be."""
    is_standard = chance.happens(0.5)
    return [
        b"Forwarded" if is_standard else b"X-Forwarded-For",
        *(_line(chance, is_standard=is_standard) for _ in range(chance.few())),
    ]


def _line(chance: Chance, *, is_standard: bool) -> bytes:
    nodes = [_spoilt(chance, chance.of(_NODES)) for _ in range(chance.of((1, 1, 2, 3, 40)))]
    if is_standard:
        keys = (b"for=", b"For=", b'for="', b"by=", b"proto=http;for=", b"for = ", b";;for=")
        nodes = [chance.of(keys) + node + chance.of((b"", b'"', b";proto=https", b';by="')) for node in nodes]
    return _spoilt(chance, chance.of((b",", b", ", b" ,\t")).join(nodes))


def _follow(given: Input) -> str:
    header, *lines = given or [b""]
    proxies = _PROXIES["Forwarded" if header == b"Forwarded" else "X-Forwarded-For"]
    texts = [line.decode("ascii", "surrogateescape") for line in lines]
    found = proxies.client(_PEER, texts)
    site(found)
    stranger = ipaddress.ip_address("192.0.2.200")
    if proxies.client(stranger, texts) != stranger:
        raise Broken("somebody who is no proxy was believed")
    return "the peer itself" if found == _PEER else "another proxy" if found in proxies.trusted else "a client"


HOSTS: Final = Target(
    "hosts", "Host and Origin headers, and the settings they are compared with", make_host, stateless(_judge)
)
FORWARDED: Final = Target(
    "forwarded", "X-Forwarded-For and Forwarded, as proxies and liars write them", make_forwarded, stateless(_follow)
)
