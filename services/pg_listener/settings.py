"""What can be set for the pg-listener; ``wasla config`` prints every field."""

from __future__ import annotations

from shared.bus.settings import BusSettings
from shared.settings import setting

MIB = 1024 * 1024


class ListenerSettings(BusSettings):
    """Figures of the sequencer, of the bus and of the log's retention."""

    bus_bind: str | None = setting(
        None,
        unit="-",
        description="where events are published, requests one port above; unset: this machine's of WASLA_BUS_CONNECT",
    )
    bus_high_water_mark: int = setting(
        200,
        unit="batches",
        ge=1,
        description="batches that wait for a slow gateway before it loses some",
    )
    stream_replicas: int = setting(
        1, unit="servers", ge=1, le=5, description="NATS servers that keep the stream; 3 in a cluster of three"
    )
    stream_max_age: float = setting(86_400.0, unit="s", ge=1, description="how long the stream on NATS keeps events")
    stream_max_bytes: int = setting(
        1024 * MIB, unit="bytes", ge=1, description="size of the stream on NATS; the oldest events go first"
    )
    batch_max_events: int = setting(1000, unit="events", ge=1, le=100_000, description="most events of one drain")
    batch_max_bytes: int = setting(
        MIB, unit="bytes", ge=1024, le=64 * MIB, description="rough size of one drain; a larger event goes alone"
    )
    row_max_bytes: int = setting(
        16 * MIB, unit="bytes", ge=1024, le=64 * MIB, description="larger rows are announced without their data"
    )
    poll_busy_interval: float = setting(
        0.005, unit="s", gt=0, description="pause between polls while events are coming"
    )
    poll_watchful_interval: float = setting(
        0.02, unit="s", gt=0, description="pause between polls when quiet where writers cannot ring"
    )
    doorbell_release_after: float = setting(
        0.05, unit="s", ge=0, description="quiet time before writers are asked to ring again"
    )
    safety_poll_interval: float = setting(1.0, unit="s", gt=0, description="pause between polls that nobody rang for")
    full_poll_interval: float = setting(
        30.0, unit="s", gt=0, description="pause between polls, when idle, that look at the whole outbox"
    )
    beat_interval: float = setting(0.25, unit="s", gt=0, le=1, description="pause between beats on the bus")
    listen_check_interval: float = setting(
        2.0, unit="s", gt=0, description="pause between proofs that notifications can be heard"
    )
    lead_retry_interval: float = setting(
        0.25, unit="s", gt=0, description="pause between a standby's tries to become the leader"
    )
    statement_timeout: float = setting(
        30.0, unit="s", gt=0, description="longest wait for a statement; a drain at work is waited for"
    )
    replay_ring_max_events: int = setting(50_000, unit="events", ge=1, description="recent events kept in memory")
    replay_ring_max_bytes: int = setting(
        32 * MIB, unit="bytes", ge=1, description="size of the recent events kept in memory"
    )
    replay_max_events: int = setting(5000, unit="events", ge=1, description="most events in one answer")
    replay_max_bytes: int = setting(4 * MIB, unit="bytes", ge=1, description="rough size of one answer")
    log_max_age: float = setting(86_400.0, unit="s", gt=0, description="how long events can be resumed from")
    log_max_events: int = setting(2_000_000, unit="events", ge=1, description="how many events can be resumed from")
    maintain_interval: float = setting(60.0, unit="s", gt=0, description="pause between looks after the log")
