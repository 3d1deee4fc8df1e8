"""What a session asks its shell to do, in order."""

from __future__ import annotations

from typing import Any, NamedTuple

from services.gateway.access.admission import Admission
from services.gateway.access.denials import Denial
from services.gateway.limits import Limit
from services.gateway.rights.views import View
from services.gateway.subscriptions import Interest
from shared.bus.messages import Recipient
from shared.close_codes import CloseCode
from shared.positions import Position


class Reply(NamedTuple):
    """Send one message to this client."""

    message_type: str
    data: dict[str, Any]


class Enter(NamedTuple):
    """The client is registered: tell it so, and begin its stream from *resume* or from the present position."""

    interest: Interest
    resume: Position | None
    view: View | None = None


class Interested(NamedTuple):
    """The client's interest changed: confirm by *confirmation* (``subscribed``, ``unsubscribed``) for *id*."""

    interest: Interest
    confirmation: str
    id: str


class Publish(NamedTuple):
    """Send a custom event through the bus; confirm it when *id* was given. ``data`` is JSON text."""

    event_type: str
    data: bytes
    to: Recipient
    in_reply_to: str
    id: str | int | None


class AskRoster(NamedTuple):
    """Send the clients of every gateway."""

    id: str | int | None


class Renew(NamedTuple):
    """The client brought a fresh token: confirm it, and let it stay for as long as that is good."""

    admission: Admission


class Look(NamedTuple):
    """What the client may see changed."""

    view: View | None


class Postpone(NamedTuple):
    """A key that is not known signed what the client presents: have the keys read, then take *text* again."""

    text: bytes


class Deny(NamedTuple):
    """Write down that the client was not let in; the error and the close follow."""

    what: str
    denial: Denial


class Limited(NamedTuple):
    """Write down that the client reached a limit; what that means for it follows."""

    limit: Limit


class Close(NamedTuple):
    """Close the connection; nothing is sent after it."""

    code: CloseCode


Effect = Reply | Enter | Interested | Publish | AskRoster | Renew | Look | Postpone | Deny | Limited | Close
