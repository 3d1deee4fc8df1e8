"""What an opening handshake says of who comes: the token it may carry, and whether the page may connect.

A browser cannot set headers on a WebSocket, so a token comes with ``register``, or as a subprotocol
(``wasla.token.<token>`` beside ``wasla``, which is what is agreed on), or, only where that is switched on, as
``token`` in the query: addresses end up in the logs of whatever stands between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs, urlsplit

from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

SUBPROTOCOL: Final = Subprotocol("wasla")
TOKEN_PREFIX: Final = "wasla.token."  # noqa: S105 - the name of where one is


class Handshake(ServerProtocol):
    """The server's side, which agrees on our subprotocol where it is offered, and on none otherwise."""

    def select_subprotocol(self, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        """Return ours, if the client knows it; a token is never echoed."""
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None


def presented_token(request: Request, *, in_query: bool) -> str | None:
    """Return the token that came with the handshake, if one did."""
    for header in request.headers.get_all("Sec-WebSocket-Protocol"):
        for name in header.split(","):
            if name.strip().startswith(TOKEN_PREFIX):
                return name.strip().removeprefix(TOKEN_PREFIX)
    if in_query and "?" in request.path:
        return _in_query(request.path)
    return None


def _in_query(path: str) -> str | None:
    try:
        found = parse_qs(urlsplit(path).query, max_num_fields=20).get("token")
    except ValueError:
        return None
    return found[0] if found else None
