"""What the doctor saw. Pure; None stands for what could not be looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from services.cli.scaling import Program
from services.monitor.status import Status
from services.setup.casts import ForeignCast
from shared.access.validity import Validity


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """The server itself. ``clock_ahead`` is its clock minus this machine's, in seconds, known to ``round_trip``."""

    version: int
    user: str
    is_superuser: bool
    encoding: str
    in_recovery: bool
    may_create_schema: bool
    clock_ahead: float
    round_trip: float
    max_prepared_transactions: int
    notification_queue_usage: float
    notifications_arrive: bool
    triggers_off_for: tuple[str, ...] = ()
    lock_holders: tuple[LockHolder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedTable:
    """A watched table. Trigger names are those of the whole family: a partition's stand as ``partition.trigger``."""

    table: str
    channel: str
    exists: bool = True
    missing_triggers: tuple[str, ...] = ()
    disabled_triggers: tuple[str, ...] = ()
    unwatched_partitions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftedTable:
    """A watched table that was altered since. ``relation`` is how SQL names it now, ``key_now`` None without a key."""

    table: str
    relation: str
    channel: str
    capture: str
    name_now: str
    key_columns: tuple[str, ...]
    key_now: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockHolder:
    """A session that holds one of the product's advisory locks and is no pg-listener; object 1 or 2."""

    pid: int
    object: int
    user: str
    application: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlteredCapture:
    """A capture function that is not as an install leaves it; ``is_pinned``: its settings are the installed ones."""

    function: str
    is_in_schema: bool
    is_definer: bool
    is_pinned: bool
    owner: str
    is_rightly_owned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationFacts:
    """The schema ``wasla``: ``pending`` and ``altered`` are install files not run, or run with another text.

    ``missing`` are tables of the schema that were dropped, ``stray`` others with triggers of ours that are not watched.
    ``has_least_rights``: the schema belongs to a role of its own, and ``may_act_as_owner`` tells whether we may, too.
    """

    installed: bool
    pending: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    watched: tuple[WatchedTable, ...] = ()
    drifted: tuple[DriftedTable, ...] = ()
    stray: tuple[str, ...] = ()
    foreign_casts: tuple[ForeignCast, ...] = ()
    altered_captures: tuple[AlteredCapture, ...] = ()
    has_least_rights: bool = False
    may_act_as_owner: bool = True
    unreadable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """The database; ``failure`` says why it could not be reached, and then the rest is None."""

    address: str
    failure: str | None = None
    server: ServerFacts | None = None
    installation: InstallationFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortFacts:
    """One address of ours: ``free``, answered by ``ours``, by somebody ``other``, or connected to and by ``nobody``."""

    purpose: str
    variable: str
    address: str
    answered_by: Literal["free", "ours", "other", "nobody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsFacts:
    """The servers that WASLA_BUS names; ``failure`` says why none can be used.

    ``refusal`` is a sentence on settings with which none is even asked; it says what to do.
    ``server`` is the one that was reached, ``version`` its own. ``behind`` is by how many events the stream is short of
    what a listener of this machine knows, None where no listener tells.
    """

    failure: str | None = None
    refusal: str | None = None
    server: str = ""
    version: tuple[int, int, int] = (0, 0, 0)
    behind: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BusFacts:
    """The bus: ``engines`` are in use, what gateways read first; ``nats`` is None where it is not one of them.

    ``failure`` says why the key is no good. ``beyond`` are addresses that other machines reach.

    ``refused`` counts, by reason, whom the listener here turned away since its start, ``refused_lately`` those of the
    last seconds; ``refusals`` how often each line turned a gateway of this machine away.
    """

    engines: tuple[str, ...] = ("zmq",)
    nats: NatsFacts | None = None
    beyond: tuple[str, ...] = ()
    key_file: str = ""
    has_key: bool = False
    failure: str | None = None
    refused: dict[str, int] = field(default_factory=dict)
    refused_lately: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """The certificate of gateways and status page; ``failure`` says why its files are no good, and then the rest is not
    known. ``seen_at`` is this machine's clock, in Unix seconds."""

    path: str = ""
    validity: Validity | None = None
    seen_at: float = 0.0
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """This machine: supervisord's programs (None: it does not answer, for that reason) and the monitor's status."""

    ports: tuple[PortFacts, ...] = ()
    bus: BusFacts = field(default_factory=BusFacts)
    certificate: CertificateFacts | None = None
    programs: tuple[Program, ...] | None = None
    supervisor_failure: str | None = None
    status: Status | None = None
    status_failure: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the doctor saw."""

    database: DatabaseFacts
    machine: MachineFacts
