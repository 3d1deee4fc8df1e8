"""Verdicts on the bus's key: the one secret that every machine of an installation has a copy of. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from services.cli.doctor.facts import BusFacts
from services.cli.doctor.finding import Finding
from services.cli.doctor.nats_verdicts import judge_nats
from shared.bus.handshakes import Turn

SUBJECT = "bus key"


def judge_bus(bus: BusFacts) -> Iterator[Finding]:
    """Yield the findings on NATS or on the key here, whichever is used, then on those who were turned away."""
    yield from judge_nats(bus)
    if "zmq" not in bus.engines:
        return
    yield _key(bus)
    for reason, (who, advice) in _strangers(bus).items():
        if bus.refused_lately.get(reason):
            yield Finding("warning", SUBJECT, f"the listener here keeps refusing processes that {who}", advice)
        elif bus.refused.get(reason):
            times = f"{bus.refused[reason]} connection{'s' if bus.refused[reason] != 1 else ''}"
            yield Finding("note", SUBJECT, f"{times} of processes that {who} were refused earlier, none just now")


def _key(bus: BusFacts) -> Finding:
    if bus.failure is not None:
        return Finding("problem", SUBJECT, bus.failure)
    if bus.has_key:
        return Finding("ok", SUBJECT, f"in {bus.key_file}")
    if bus.beyond:
        return Finding(
            "problem",
            SUBJECT,
            f"missing: {', '.join(bus.beyond)} is not on this machine alone and there is no {bus.key_file}, so the "
            "processes do not start",
            "copy it from another machine, or make the first one with wasla keys",
        )
    return Finding("ok", SUBJECT, "none is needed, the bus stays on this machine")


def _strangers(bus: BusFacts) -> dict[str, tuple[str, str]]:
    """Return who is refused for each reason, and what to do."""
    return {
        Turn.OTHER_KEY.value: (
            "have another bus key",
            f"compare sha256sum {bus.key_file} everywhere, copy one file to all of them, then restart the processes",
        ),
        Turn.ONE_SIDED.value: (
            ("have no bus key", f"copy {bus.key_file} to their machine, then restart the processes there")
            if bus.has_key
            else (
                "have a bus key, while there is none here",
                f"copy theirs to {bus.key_file}, then restart the processes here",
            )
        ),
    }
