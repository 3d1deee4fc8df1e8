"""supervisord, asked through its XML-RPC interface on a unix socket. Calls block; nothing else runs meanwhile.

Faults: PeerUnreachable when supervisord does not answer, SupervisionFailed when it answered and could not.
Source: supervisor's XML-RPC API documentation (getAllProcessInfo, startProcess, stopProcess).
"""

from __future__ import annotations

import http.client
import socket
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.cli.errors import PeerUnreachable
from services.cli.scaling import Program
from shared.errors import WaslaError

ALREADY_STARTED = 60
NOT_RUNNING = 70

ANSWER_TIMEOUT = 60.0
"""Seconds for one call: longer than a worker takes to drain and stop, so that only a hung supervisord exceeds it."""


class SupervisionFailed(WaslaError):
    """supervisord answered that it could not do what it was asked."""


class Supervisor:
    """One supervisord; use :func:`supervisor` to open and close it."""

    def __init__(self, rpc: Any, address: Path) -> None:
        self._rpc = rpc
        self._address = address

    def programs(self) -> list[Program]:
        """Return every process that supervisord knows."""
        with self._foreseen("list its processes"):
            return [_program(info) for info in self._rpc.getAllProcessInfo()]
        raise AssertionError("_foreseen never swallows an error")

    def start(self, program: Program) -> None:
        """Start a process and wait until supervisord calls it running; one that runs already is fine."""
        with self._foreseen(f"start {program.full_name}", harmless=ALREADY_STARTED):
            self._rpc.startProcess(program.full_name, True)

    def stop(self, program: Program) -> None:
        """Stop a process and wait for its end; one that does not run is fine."""
        with self._foreseen(f"stop {program.full_name}", harmless=NOT_RUNNING):
            self._rpc.stopProcess(program.full_name, True)

    @contextmanager
    def _foreseen(self, act: str, *, harmless: int | None = None) -> Iterator[None]:
        try:
            yield
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != harmless:
                raise SupervisionFailed(f"supervisord could not {act}: {fault.faultString}; see its log") from None
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise PeerUnreachable(
                f"supervisord does not answer at {self._address} ({reason}); start it with ./run"
            ) from None


@contextmanager
def supervisor(address: Path) -> Iterator[Supervisor]:
    """Open the supervisord that listens on the unix socket *address*."""
    with xmlrpc.client.ServerProxy("http://supervisor", transport=_UnixTransport(address)) as server:
        yield Supervisor(server.supervisor, address)


class _UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a unix socket; ``close()`` is the parent's."""

    def __init__(self, address: Path) -> None:
        super().__init__()
        self._address = address

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        self.close()
        connection = _UnixConnection(self._address)
        self._connection = host, connection
        return connection


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, address: Path) -> None:
        super().__init__("supervisor", timeout=ANSWER_TIMEOUT)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._address))


def _program(info: dict[str, Any]) -> Program:
    return Program(info["group"], info["name"], info["statename"], info["description"], info["pid"])
