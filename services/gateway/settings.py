"""The gateway's settings; every field is a ``WASLA_*`` variable."""

from __future__ import annotations

from pathlib import Path

from shared.access.settings import AccessSettings
from shared.bus.settings import BusSettings
from shared.settings import setting


class GatewaySettings(AccessSettings, BusSettings):
    """Where a gateway listens, whom it hears and lets in, and every bound it keeps."""

    host: str = setting("127.0.0.1", unit="-", description="address that clients connect to")
    port: int = setting(8765, unit="-", ge=0, le=65535, description="port that clients connect to; shared by gateways")
    allowed_origins: str | None = setting(
        None, unit="-", description="further origins whose pages may connect, comma separated; this machine's own may"
    )
    token_keys: str | None = setting(
        None, unit="-", description="keys for tokens: a file (PEM, key set or secret), or a key set's https address"
    )
    token_audience: str = setting(
        "wasla", unit="-", description="audiences (aud) of which a token must name one, comma separated"
    )
    token_issuer: str | None = setting(None, unit="-", description="issuer (iss) that tokens must name; unset: any")
    token_leeway: float = setting(
        10.0, unit="s", ge=0, le=300, description="by how much clocks of issuer and gateway may differ"
    )
    token_keys_interval: float = setting(
        300.0, unit="s", ge=5, description="pause between two readings of the keys for tokens"
    )
    token_in_query: bool = setting(
        False, unit="-", description="take tokens from the address, too (?token=...), where proxies may log them"
    )
    policy: Path | None = setting(
        None, unit="-", description="policy file (TOML): which role may see and do what; unset: everybody everything"
    )
    receive_high_water_mark: int = setting(
        100, unit="messages", ge=1, description="published messages that may wait for a gateway before it loses some"
    )

    ring_max_events: int = setting(20_000, unit="events", ge=1, description="recent events a gateway keeps")
    ring_max_bytes: int = setting(
        32 * 1024 * 1024, unit="bytes", ge=65_536, description="memory the recent events of a gateway may take"
    )

    handshake_timeout: float = setting(10.0, unit="s", gt=0, description="until an opening handshake must be complete")
    register_timeout: float = setting(10.0, unit="s", gt=0, description="until a client must have registered")
    ping_interval: float = setting(15.0, unit="s", gt=0, description="silence after which a client is pinged")
    ping_timeout: float = setting(30.0, unit="s", gt=0, description="silence after a ping after which the link is dead")
    stalled_timeout: float = setting(
        300.0, unit="s", gt=0, description="how long a client may leave its connection unread before it is closed"
    )
    close_timeout: float = setting(5.0, unit="s", gt=0, description="how long a client may take to confirm a close")
    drain_timeout: float = setting(5.0, unit="s", ge=0, description="over which a stopping gateway closes its clients")

    max_connections: int = setting(20_000, unit="connections", ge=1, description="clients of one gateway")
    max_connections_per_address: int = setting(
        1000, unit="connections", ge=1, description="connections to one gateway from one address, or one IPv6 /64"
    )
    max_connects_per_second: int = setting(
        50,
        unit="connections/s",
        ge=1,
        description="new connections of one address in a second, after a rush of as many as may be open",
    )
    max_message_bytes: int = setting(262_144, unit="bytes", ge=1024, description="longest message of a client")
    max_messages_per_second: int = setting(
        100, unit="messages/s", ge=1, description="messages a client may send in a second, and twice that at once"
    )
    max_bytes_per_second: int = setting(
        1_048_576, unit="bytes/s", ge=1024, description="bytes a client may send in a second, and twice that at once"
    )
    max_frames_per_second: int = setting(
        1000, unit="frames/s", ge=1, description="frames of any kind a client may send in a second"
    )
    max_subscriptions: int = setting(100, unit="subscriptions", ge=1, description="subscriptions of one client")
    max_where_conditions: int = setting(32, unit="conditions", ge=1, description="conditions of one subscription")
    max_requests_per_second: int = setting(
        20,
        unit="requests/s",
        ge=1,
        description="broadcasts and rosters a client may ask for, and ten times that at once",
    )
    max_gateway_requests_per_second: int = setting(
        200, unit="requests/s", ge=1, description="the same of all clients of one gateway together"
    )
    max_pending_requests: int = setting(
        1000, unit="requests", ge=1, description="broadcasts and rosters of a gateway's clients under way at a time"
    )

    write_buffer_bytes: int = setting(
        32 * 1024, unit="bytes", ge=4096, description="what may wait in the process for one client before it is paused"
    )
    send_buffer_bytes: int = setting(
        64 * 1024, unit="bytes", ge=4096, description="kernel send buffer of one client (SO_SNDBUF)"
    )
    compression_min: int = setting(
        0, unit="bytes", ge=0, description="events from this length go out compressed to clients that can; 0: none do"
    )
    backlog: int = setting(4096, unit="connections", ge=1, description="connections that may wait to be accepted")
    handshakes_per_turn: int = setting(
        10, unit="handshakes", ge=1, description="handshakes and registrations before everybody else has a turn"
    )

    max_resume_events: int = setting(
        1_000_000, unit="events", ge=1, description="how far back a client may resume; beyond that it reloads"
    )
    max_resumed_events_per_second: int = setting(
        10_000,
        unit="events/s",
        ge=1,
        description="events one address may resume in a second, after a rush of WASLA_MAX_RESUME_EVENTS",
    )
    position_interval: float = setting(1.0, unit="s", gt=0, description="between two position messages to a client")
    replay_timeout: float = setting(2.0, unit="s", gt=0, description="how long a pg-listener may take for a replay")
    replay_page_events: int = setting(1000, unit="events", ge=1, description="events of one replay")
    replay_page_bytes: int = setting(256 * 1024, unit="bytes", ge=1024, description="size of one replay, about")
    replay_concurrency: int = setting(4, unit="requests", ge=1, description="replays for lagging clients at a time")
    request_timeout: float = setting(
        2.0, unit="s", gt=0, description="how long a pg-listener may take for a broadcast or a roster"
    )
