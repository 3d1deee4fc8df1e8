"""What a client's message is judged by: the rules in force at the moment it is taken up. Pure."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from services.gateway.access.admission import Door
from services.gateway.limits import Limits
from services.gateway.rights.policy import Policy
from shared.catalog import Catalog


class Waited(Enum):
    """What a message that may lack a token's key has behind it: no reading of the keys, one, or one that failed."""

    NOT = auto()
    LONG_ENOUGH = auto()
    IN_VAIN = auto()


class Context(NamedTuple):
    """``now`` is Unix time in seconds, ``waited`` what the message has behind it.

    ``policy`` None: everybody may see and do everything.
    """

    catalog: Catalog | None
    limits: Limits
    now: float
    door: Door
    waited: Waited = Waited.NOT
    policy: Policy | None = None
