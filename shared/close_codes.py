"""WebSocket close codes, each an instruction to the client.

4000-4499 mean *reconnect, with backoff*; 4500-4999 mean *do not reconnect until something has changed*. The codes
below 4000 keep the meaning of RFC 6455 section 7.4.1. The README's table is compared with this module by a test.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class CloseCode(IntEnum):
    """Every code a gateway closes a connection with on purpose."""

    GOING_AWAY = 1001
    MESSAGE_TOO_BIG = 1009
    REGISTER_TIMEOUT = 4000
    TOO_SLOW = 4001
    TOO_MANY_CONNECTIONS = 4002
    TOKEN_EXPIRED = 4003
    PING_TIMEOUT = 4004
    RESUME_LATER = 4005
    MALFORMED_MESSAGE = 4500
    UNAUTHORIZED = 4501
    FORBIDDEN_ORIGIN = 4502
    RATE_LIMITED = 4503


class Instruction(NamedTuple):
    """What a close code asks of the client: its slug, and a sentence for people."""

    reason: str
    advice: str


INSTRUCTIONS: dict[CloseCode, Instruction] = {
    CloseCode.GOING_AWAY: Instruction(
        "going_away", "This gateway drains: reconnect at once, to another address if there is one."
    ),
    CloseCode.MESSAGE_TOO_BIG: Instruction(
        "message_too_big", "A message was longer than the gateway accepts: send smaller ones."
    ),
    CloseCode.REGISTER_TIMEOUT: Instruction(
        "register_timeout", "No register message came in time: reconnect and register first."
    ),
    CloseCode.TOO_SLOW: Instruction("too_slow", "The connection stood unread for too long: reconnect and resume."),
    CloseCode.TOO_MANY_CONNECTIONS: Instruction(
        "too_many_connections", "The gateway is full: reconnect later, or to another address."
    ),
    CloseCode.TOKEN_EXPIRED: Instruction("token_expired", "The token has ended: reconnect with a fresh one."),
    CloseCode.PING_TIMEOUT: Instruction(
        "ping_timeout", "The link did not answer a ping in time: reconnect and resume."
    ),
    CloseCode.RESUME_LATER: Instruction(
        "resume_later", "Too many events are asked for again from this address: reconnect later and resume."
    ),
    CloseCode.MALFORMED_MESSAGE: Instruction(
        "malformed_message", "What was sent is not a message of this protocol: correct the client."
    ),
    CloseCode.UNAUTHORIZED: Instruction("unauthorized", "The token was refused: obtain a valid one."),
    CloseCode.FORBIDDEN_ORIGIN: Instruction(
        "forbidden_origin", "Pages of this origin may not connect: have the operator allow it."
    ),
    CloseCode.RATE_LIMITED: Instruction("rate_limited", "Too many messages came: send fewer."),
}


def may_reconnect(code: int) -> bool:
    """Tell whether a client closed with *code* should try again by itself."""
    return not 4500 <= code <= 4999
