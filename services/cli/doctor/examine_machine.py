"""Looks at this machine: who has our ports, what supervisord says, what the monitor measures. Blocks for seconds."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec

from services.cli.addresses import authority, reachable_host
from services.cli.doctor.examine_bus import examine_bus
from services.cli.doctor.examine_certificate import examine_certificate
from services.cli.doctor.facts import MachineFacts, PortFacts
from services.cli.doctor.ports import answers_http, speaks_zeromq, who_answers
from services.cli.monitor_page import fetch_status, read_status
from services.cli.places import supervisor_configuration, supervisor_socket
from services.cli.scaling import Program
from services.cli.supervision import supervisor
from services.monitor.settings import MonitorSettings
from services.monitor.status import Status
from services.pg_listener.settings import ListenerSettings
from services.preflight import Place, places
from shared.errors import WaslaError


def examine_machine(monitor: MonitorSettings, listener: ListenerSettings, configuration: Path | None) -> MachineFacts:
    """Return what is seen of this machine; what cannot be seen is said in the facts."""
    programs, supervisor_failure = _programs(configuration or supervisor_configuration())
    page = authority(monitor.status_host, monitor.status_port)
    status, status_failure = _status(page)
    return MachineFacts(
        ports=tuple(_port(place) for place in places(monitor, listener)),
        bus=examine_bus(listener, page),
        certificate=examine_certificate(monitor),
        programs=programs,
        supervisor_failure=supervisor_failure,
        status=status,
        status_failure=status_failure,
    )


def _programs(configuration: Path) -> tuple[tuple[Program, ...] | None, str | None]:
    try:
        with supervisor(supervisor_socket(configuration)) as running:
            return tuple(running.programs()), None
    except WaslaError as error:
        return None, str(error)


def _status(address: str) -> tuple[Status | None, str | None]:
    try:
        return read_status(fetch_status(address), address), None
    except WaslaError as error:
        return None, str(error)


def _port(place: Place) -> PortFacts:
    host = reachable_host(place.host)
    is_ours = _QUESTIONS.get(place.variable, speaks_zeromq)
    return PortFacts(
        purpose=place.purpose,
        variable=place.variable,
        address=authority(place.host, place.port),
        answered_by=who_answers(host, place.port, is_ours),
    )


def _is_a_gateway(status: int, _body: bytes) -> bool:
    return status == HTTPStatus.UPGRADE_REQUIRED


def _is_the_monitor(status: int, body: bytes) -> bool:
    try:
        return status == HTTPStatus.OK and "ready" in msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        return False


_QUESTIONS = {
    "WASLA_PORT": answers_http("/", _is_a_gateway),
    "WASLA_STATUS_PORT": answers_http("/status.json", _is_the_monitor),
}
"""By the variable that moves a port; at every other port of ours ZeroMQ is spoken."""
