"""supervisord's XML-RPC interface, as far as the monitor needs it.

supervisord tells its children where it is asked by ``SUPERVISOR_SERVER_URL`` (``unix:///path`` or ``http://host:port``).
Every call is bounded in time: a supervisord that hangs must not hang the monitor.

Interface: http://supervisord.org/api.html
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError
from xmlrpc import client as xmlrpc

import aiohttp

from services.monitor.programs import Program
from shared.errors import ConfigurationError, WaslaError

CALL_TIMEOUT = 3.0
"""Seconds until supervisord counts as not answering."""


class SupervisorUnavailable(WaslaError):
    """supervisord does not answer, or is shutting down."""


class Supervisor:
    """One supervisord. An async context manager: it keeps a connection.

    A cancelled call is given up by its caller alone. Leaving waits for its answer, for supervisord writes a page of
    complaint into the log when somebody hangs up while it answers; both are usually told to stop at the same moment.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "unix":
            self._endpoint = "http://supervisor/RPC2"
            self._socket_path: str | None = parts.path
        elif parts.scheme == "http":
            self._endpoint = f"{url.rstrip('/')}/RPC2"
            self._socket_path = None
        else:
            raise ConfigurationError(f"SUPERVISOR_SERVER_URL: expected unix:///path or http://host:port, got {url!r}")

    async def __aenter__(self) -> Self:
        connector = aiohttp.UnixConnector(self._socket_path) if self._socket_path is not None else None
        timeout = aiohttp.ClientTimeout(total=CALL_TIMEOUT)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)
        self._under_way: set[asyncio.Task[Any]] = set()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way)
        await self._session.close()

    async def programs(self) -> list[Program]:
        """Return every process supervisord knows; raise :exc:`SupervisorUnavailable`."""
        infos: list[dict[str, Any]] = await self._call("supervisor.getAllProcessInfo")
        return [_program(info) for info in infos]

    async def kill(self, program: str) -> None:
        """Send SIGKILL to ``group:name``, which supervisord then starts again; raise :exc:`SupervisorUnavailable`."""
        await self._call("supervisor.signalProcess", program, "KILL")

    async def _call(self, method: str, *arguments: str) -> Any:
        call = asyncio.create_task(self._exchange(method, *arguments))
        self._under_way.add(call)
        call.add_done_callback(self._under_way.discard)
        return await asyncio.shield(call)

    async def _exchange(self, method: str, *arguments: str) -> Any:
        body = xmlrpc.dumps(arguments, method)
        try:
            async with self._session.post(self._endpoint, data=body, headers={"Content-Type": "text/xml"}) as answer:
                answer.raise_for_status()
                (result,), _ = xmlrpc.loads(await answer.text())
        except TimeoutError:
            raise SupervisorUnavailable(f"supervisord did not answer {method} within {CALL_TIMEOUT:.0f} s") from None
        except xmlrpc.Fault as fault:
            raise SupervisorUnavailable(f"supervisord refused {method}: {fault.faultString}") from None
        except (OSError, aiohttp.ClientError, ExpatError, xmlrpc.Error) as error:
            raise SupervisorUnavailable(f"supervisord did not answer {method}: {error}") from None
        return result


def _program(info: dict[str, Any]) -> Program:
    explanation = info["description"] if info["statename"] in {"FATAL", "BACKOFF"} else ""
    return Program(
        name=f"{info['group']}:{info['name']}",
        group=info["group"],
        state=info["statename"],
        pid=info["pid"],
        uptime=max(0.0, float(info["now"] - info["start"])) if info["pid"] else 0.0,
        explanation=explanation,
    )
