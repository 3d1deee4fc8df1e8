"""Who answers at an address of ours: nobody, one of our processes, or somebody else. Blocks, a second at most each."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable
from typing import Literal

from services.cli.introducing import own, own_port

TIMEOUT = 1.0

Answer = Literal["free", "ours", "other", "nobody"]

_ZMTP_SIGNATURE_BYTES = 10


def who_answers(host: str, port: int, is_ours: Callable[[str, int], bool]) -> Answer:
    """Return who answers; *is_ours* talks to whoever accepted and tells whether it speaks as ours does."""
    try:
        socket.create_connection((host, port), TIMEOUT).close()
    except OSError:
        return "free"
    try:
        return "ours" if is_ours(host, port) else "other"
    except TimeoutError:
        return "nobody"
    except (OSError, http.client.HTTPException):
        return "other"


def speaks_zeromq(host: str, port: int) -> bool:
    """Tell whether the peer greets as ZeroMQ does: 0xFF, eight bytes, 0x7F (ZMTP 3.1, section 3.2)."""
    with socket.create_connection((host, port), TIMEOUT) as connection:
        greeting = connection.recv(_ZMTP_SIGNATURE_BYTES)
    return len(greeting) == _ZMTP_SIGNATURE_BYTES and greeting[0] == 0xFF and greeting[9] == 0x7F


def answers_http(path: str, is_ours: Callable[[int, bytes], bool]) -> Callable[[str, int], bool]:
    """Return a question over HTTP: is the answer to GET *path*, its status and its body, one of ours?"""

    def ask(host: str, port: int) -> bool:
        connection = own_port(host, port, TIMEOUT)
        try:
            connection.request("GET", path, headers=own().headers)
            response = connection.getresponse()
            return is_ours(response.status, response.read())
        finally:
            connection.close()

    return ask
