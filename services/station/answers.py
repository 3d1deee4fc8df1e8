"""How a call of the demo is answered: JSON, and for everything that may go wrong a status, a code and a sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from services.station.database import StationUnavailable
from services.station.origins import refusal
from services.station.refusals import Refused
from services.station.runner import SimulationRuns
from shared.errors import WaslaError

MAX_REQUEST_BYTES = 4096

RequestT = TypeVar("RequestT", bound=msgspec.Struct)
Handler = Callable[[web.Request], Awaitable[web.Response]]


class _Unfit(WaslaError):
    """A request that cannot be answered, and the status that says so."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def answering(handler: Handler) -> Handler:
    """Wrap a call: what it raises becomes an answer."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except Refused as refused:
            facts = {"free_seats": refused.free_seats, "sentence": refused.sentence._asdict()}
            return problem(404 if refused.is_absence else 409, str(refused.reason), str(refused), **facts)
        except _Unfit as unfit:
            return problem(unfit.status, "bad_request", str(unfit))
        except SimulationRuns as error:
            return problem(409, "simulation_runs", str(error))
        except StationUnavailable as error:
            return problem(503, "no_station" if error.are_missing else "database_down", str(error))

    return answer


async def read(request: web.Request, structure: type[RequestT]) -> RequestT:
    """Return what was asked for; raise the answer to a request that does not fit."""
    sentence = refusal(
        origin=request.headers.get("Origin"),
        host=request.host,
        content_type=request.content_type if "Content-Type" in request.headers else "",
        fetch_site=request.headers.get("Sec-Fetch-Site"),
    )
    if sentence is not None:
        raise _Unfit(415 if sentence.startswith("expected Content-Type") else 403, sentence)
    if request.content_length is None or request.content_length > MAX_REQUEST_BYTES:
        got = request.content_length if request.content_length is not None else "no length"
        raise _Unfit(400, f"expected at most {MAX_REQUEST_BYTES} bytes with their length, got {got}")
    try:
        return msgspec.json.decode(await request.read(), type=structure)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _Unfit(400, f"expected a JSON object that fits: {error}") from None


def problem(status: int, code: str, reason: str, **facts: Any) -> web.Response:
    """Return an answer that says what is wrong."""
    return as_json({"code": code, "reason": reason, **facts}, status=status)


def as_json(answer: object, *, status: int = 200) -> web.Response:
    """Return an answer."""
    return web.Response(body=msgspec.json.encode(answer), status=status, content_type="application/json")
