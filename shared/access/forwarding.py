"""Whom a proxy speaks for: the client's address in the header that the proxy adds. Pure.

Each proxy on the way appends whom it was spoken to by, and whoever comes first can write into the header what it
likes. So it is read from the right: the first address that is no proxy of ours is the client's, and what stands left
of it is hearsay, quotes without an end included. Only a trusted proxy's header counts, and only the one header that our
proxies write: the other comes through from the client as it sent it. (X-Forwarded-For has no standard; Forwarded is
RFC 7239.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from shared.access.addresses import Address, Networks, address

ForwardedHeader = Literal["X-Forwarded-For", "Forwarded"]

MAX_HOPS: Final = 32
"""Proxies that are followed back; more are none of ours."""

_NODE: Final = re.compile(r"\[([0-9a-fA-F:.]+)\](?::\d{1,5})?|([0-9.]+)(?::\d{1,5})?|([0-9a-fA-F:.]+)")


class Proxies:
    """The proxies that are believed, and the header they write."""

    def __init__(self, trusted: Networks, header: ForwardedHeader = "X-Forwarded-For") -> None:
        self.trusted = trusted
        self.header: ForwardedHeader = header

    def client(self, peer: Address, lines: Sequence[str]) -> Address:
        """Return the client's address; *lines* are the request's headers of that name, in order.

        It is the peer's own where that is no proxy. Where nothing that can be read stands before a proxy, it is that
        proxy's: its clients are one.
        """
        found, nodes = peer, self._nodes(lines)
        for _ in range(MAX_HOPS):
            before = _address_of(next(nodes, "")) if found in self.trusted else None
            if before is None:
                break
            found = before
        return found

    def _nodes(self, lines: Sequence[str]) -> Iterator[str]:
        """Yield who was spoken for, the last first."""
        for line in reversed(lines):
            if self.header == "X-Forwarded-For":
                yield from (item.strip() for item in reversed(line.split(",")))
            else:
                yield from (_spoken_for(element) for element in _from_the_right(line, ","))


def _from_the_right(text: str, separator: str) -> Iterator[str]:
    """Yield the parts of *text*, the last first, separated where there are no quotes around, as seen from the right."""
    end, is_quoted = len(text), False
    for at in range(len(text) - 1, -1, -1):
        if text[at] == '"':
            is_quoted = not is_quoted
        elif text[at] == separator and not is_quoted:
            yield text[at + 1 : end]
            end = at
    yield text[:end]


def _spoken_for(element: str) -> str:
    """Return the ``for`` of one element of Forwarded."""
    for pair in _from_the_right(element, ";"):
        name, _, value = pair.strip().partition("=")
        if name.lower() == "for":
            return value.strip('"')
    return ""


def _address_of(node: str) -> Address | None:
    """Read an address with or without port and brackets (RFC 7239 section 6); ``unknown`` and names are none."""
    found = _NODE.fullmatch(node)
    return None if found is None else address(next(filter(None, found.groups()), ""))
