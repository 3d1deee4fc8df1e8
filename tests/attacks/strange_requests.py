"""Requests that no browser sends, to both ports: too long, too many, ambiguous, or leading out of the folder."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.attacks.target import Target
from tests.attacks.wire import UPGRADE, raw
from tests.supervised import DEADLINE

HOST = b"Host: 127.0.0.1\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST
HIDDEN = b"GET /status.json HTTP/1.1\r\n" + HOST + b"\r\n"
PATIENCE = 0.3
"""Seconds after which an answer that has not begun is not waited for."""

OVERSIZED = {
    "one header of a megabyte": GET + b"X: " + b"x" * 1_000_000 + b"\r\n\r\n",
    "a header's name of a megabyte": GET + b"x" * 1_000_000 + b": x\r\n\r\n",
    "ten thousand headers": GET + b"X: x\r\n" * 10_000 + b"\r\n",
    "a path of a megabyte": b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a query of a megabyte": b"GET /healthz?" + b"x" * 1_000_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method of a megabyte": b"G" * 1_000_000 + b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a line without an end": b"x" * 1_000_000,
    "a body of a terabyte": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1099511627776\r\n\r\n" + bytes(100_000),
}
AMBIGUOUS = {
    "both lengths": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
    "a length with a sign": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: +0\r\n\r\n",
    "a negative length": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    "another encoding": b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a broken chunk": b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a space before the colon": GET + b"Content-Length : 44\r\n\r\n",
    "a folded header": GET + b"X: x\r\n y: z\r\n\r\n",
    "a bare carriage return": GET + b"X: x\rY: y\r\n\r\n",
    "a null": GET + b"X: \0\r\n\r\n",
    "a colon without a name": GET + b": x\r\n\r\n",
    "no colon": GET + b"x\r\n\r\n",
    "two hosts": GET + b"Host: evil.example\r\n\r\n",
}
ODD = {
    "another host": b"GET http://evil.example/status.json HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "HTTP/9.9": b"GET /healthz HTTP/9.9\r\n" + HOST + b"\r\n",
    "HTTP/0.9": b"GET /healthz\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "CONNECT": b"CONNECT 127.0.0.1:5432 HTTP/1.1\r\n" + HOST + b"\r\n",
    "TRACE": b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n",
    "an upgrade to something else": GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
}
PATHS = [
    b"/assets/../../../pyproject.toml",
    b"/assets/%2e%2e/%2e%2e/%2e%2e/pyproject.toml",
    b"/assets/..%2f..%2f..%2fpyproject.toml",
    b"/assets/%252e%252e/%252e%252e/pyproject.toml",
    b"/assets/..\\..\\..\\pyproject.toml",
    b"/assets/..%5c..%5cpyproject.toml",
    b"/assets/%c0%ae%c0%ae/pyproject.toml",
    b"/assets/....//....//pyproject.toml",
    b"/assets/status/..;/..;/pyproject.toml",
    b"/assets//etc/passwd",
    b"/assets/%2fetc%2fpasswd",
    b"/client/../package.json",
    b"/client/index.js/../../package.json",
    b"/client/%00/../../package.json",
    b"/station/assets/../../../services/station/web.py",
    b"/station/api/../../../../etc/passwd",
    b"//etc/passwd",
    b"/../../../../../../etc/passwd",
    b"file:///etc/passwd",
    b"/assets/.",
    b"/assets/..",
    b"/.wasla/client.key",
    b"/.wasla/postgres/url",
    b"/%2e%77asla/bus.key",
]
SECRETS = (b"[project]", b"root:", b'"devDependencies"', b"wasla-bus-key", b"postgresql://", b"from __future__")


async def oversized_requests(target: Target) -> Counter[str]:
    """More of everything than a request has."""
    return await _ask_all(OVERSIZED, target.port, target.status_port)


async def ambiguous_requests(target: Target) -> Counter[str]:
    """What two servers may read differently, each with another request hidden behind it."""
    hidden = {name: request + HIDDEN for name, request in AMBIGUOUS.items()}
    return await _ask_all(hidden, target.port, target.status_port)


async def ambiguous_handshakes(target: Target) -> Counter[str]:
    """WebSocket handshakes of a page, with each header twice, or none of it, or nonsense in it."""
    lines = [*UPGRADE.split(b"\r\n")[1:-2], b"Origin: http://127.0.0.1", b"Sec-WebSocket-Protocol: wasla"]
    requests = {}
    for line in lines:
        name = line.partition(b":")[0]
        others = [other for other in lines if other is not line]
        for what, instead in (
            ("twice", [line, line]),
            ("twice and different", [line, name + b": x"]),
            ("none", []),
            ("nonsense", [name + b': \xff,;="\t']),
            ("empty", [name + b":"]),
        ):
            requests[f"{name.decode()} {what}"] = b"\r\n".join([b"GET / HTTP/1.1", *others, *instead, b"", HIDDEN])
    return await _ask_all(requests, target.port)


async def odd_requests(target: Target) -> Counter[str]:
    """Other versions, methods, hosts and upgrades than these ports know."""
    return await _ask_all(ODD, target.port, target.status_port)


async def paths_that_lead_out(target: Target) -> Counter[str]:
    """Paths out of the folders of the status page, as they are and encoded."""
    found: Counter[str] = Counter()
    requests = (b"GET " + path + b" HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n" for path in PATHS)
    async with asyncio.timeout(DEADLINE):
        for answer in await asyncio.gather(*(_ask(target.status_port, request, DEADLINE) for request in requests)):
            found["a secret" if any(secret in answer for secret in SECRETS) else _status(answer)] += 1
    return found


async def _ask_all(requests: dict[str, bytes], *ports: int) -> Counter[str]:
    found: Counter[str] = Counter()
    async with asyncio.timeout(DEADLINE):
        for port in ports:
            answers = await asyncio.gather(*(_ask(port, request) for request in requests.values()))
            for name, answer in zip(requests, answers, strict=True):
                found[f"{name}: what was hidden was answered" if b'"processes"' in answer else _status(answer)] += 1
    return found


async def _ask(port: int, request: bytes, patience: float = PATIENCE) -> bytes:
    """Return what is answered until the end, or until nothing more comes for a while."""
    answer = b""
    async with raw(port) as connection:
        sending = asyncio.ensure_future(connection.send(request))
        try:
            while True:
                async with asyncio.timeout(patience):
                    piece = await connection.reader.read(65536)
                if not piece:
                    return answer
                answer += piece
        except (TimeoutError, ConnectionError):
            return answer
        finally:
            sending.cancel()


def _status(answer: bytes) -> str:
    return answer.split(b" ", 2)[1].decode() if answer.startswith(b"HTTP/1.") else "no answer"
