"""Stands at the door of one gateway: the rules in force, whose time is limited, who waits for a key, who was refused.

It holds what belongs to access and not to the stream; the hub asks it and carries out what follows.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from websockets.http11 import Request

from services.gateway.access import opening
from services.gateway.access.admission import UNNAMED, Door
from services.gateway.access.audit import Audit
from services.gateway.access.denials import Denial, Why
from services.gateway.access.expiries import Expiries
from services.gateway.access.handshake import presented_token
from services.gateway.connection import Connection
from services.gateway.context import Waited
from services.gateway.rights.opening import read_policy
from services.gateway.session import Session
from services.gateway.settings import GatewaySettings
from shared.access.hosts import Surroundings

MAX_POSTPONED: Final = 1000
"""Clients that wait for a key at a time; who comes beyond that is told to come again."""


class Postponed(NamedTuple):
    """What a client sent and could not be carried out for lack of a key, and what became of the waiting."""

    connection: Connection
    text: bytes
    waited: Waited


class Gatekeeper:
    """See the module. Raises ConfigurationError where the door may not be opened as the settings say."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.tokens = opening.token_desk(settings)
        self.door: Door = opening.door(settings, self.tokens)
        self.policy = read_policy(settings.policy)
        self.expiries = Expiries()
        self.audit = Audit()
        self._settings = settings
        self._surroundings = Surroundings.of(settings.host, settings.allowed_hosts, origins=settings.allowed_origins)
        self._postponed: dict[Connection, bytes] = {}
        self._read_for: dict[Connection, bytes] = {}

    def admits_page(self, connection: Connection, request: Request, now: float) -> bool:
        """Tell whether the page that a handshake comes from, if it comes from one, may connect; note it where not."""
        origins = request.headers.get_all("Origin")
        if not origins:
            return True
        hosts = request.headers.get_all("Host")
        host = hosts[0] if len(hosts) == 1 else None
        local = connection.transport.get_extra_info("sockname")
        if self._surroundings.admits(origins, host, str(local[0]) if local else None):
            return True
        self.audit.refused(connection, "origin", Denial(Why.ORIGIN), now, origin=origins[0], host=host or "")
        return False

    def presented(self, request: Request) -> str | None:
        """Return the token that came with a handshake."""
        return presented_token(request, in_query=self._settings.token_in_query)

    def entered(self, session: Session) -> None:
        """A client was let in, or brought a fresh token."""
        if session.admission is not UNNAMED:
            self.expiries.watch(session.client_id, session.admission)

    def left(self, connection: Connection) -> None:
        """A client has gone, or goes: nothing of it waits any more."""
        self._postponed.pop(connection, None)
        self._read_for.pop(connection, None)
        if connection.session is not None:
            self.expiries.forget(connection.session.client_id)

    def postpone(self, connection: Connection, text: bytes) -> bool:
        """Keep the last that a client sent until the keys were read; tell whether there was room."""
        if len(self._postponed) + len(self._read_for) >= MAX_POSTPONED and connection not in self._postponed:
            return False
        if self.tokens is None:
            raise AssertionError("only a token's key can be unknown")
        self._postponed[connection] = text
        self.tokens.want_keys()
        return True

    def reading_begins(self) -> None:
        """The keys are being read from now on; who is postponed meanwhile may be too late for that."""
        self._read_for, self._postponed = self._postponed, {}

    def take_postponed(self, *, are_read: bool) -> list[Postponed]:
        """Return what is to be carried out after a reading, once.

        Only those whom a reading was begun for lack a key for good. The others are tried by what was read, where
        something was, and wait for the next.
        """
        waited = Waited.LONG_ENOUGH if are_read else Waited.IN_VAIN
        found = [Postponed(connection, text, waited) for connection, text in self._read_for.items()]
        self._read_for = {}
        if are_read:
            found += [Postponed(connection, text, Waited.NOT) for connection, text in self._postponed.items()]
            self._postponed = {}
        return found

    def reload(self) -> None:
        """Read keys and policy again; raise ConfigurationError and keep the former, both of them.

        Another key is for who comes from now on. The policy is for everybody: see :meth:`Hub.review_rights`.
        """
        policy = read_policy(self._settings.policy)
        self.door.client_key = opening.door(self._settings, self.tokens).client_key
        self.policy = policy
        if self.tokens is not None:
            self.tokens.want_keys()
