"""The files that browsers are given: read once when the service starts, served from memory.

What was not in the folder at the start is not there: no path of a request ever reaches the file system. Only the
types named here are read. The page a browser holds and the scripts it loads are therefore always of one version, and
a browser that has one already is answered 304 (RFC 9110, section 13.1.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from aiohttp import web

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Content types by suffix, named here because those of the system differ, and browsers refuse to sniff."""


@dataclass(frozen=True, slots=True)
class ServedFile:
    """One file as it is sent."""

    body: bytes
    content_type: str
    tag: str


def read_file(path: Path) -> ServedFile:
    """Return the file; raise OSError where it cannot be read, KeyError where it is of no type served here."""
    body = path.read_bytes()
    return ServedFile(body, TYPES[path.suffix], sha256(body).hexdigest()[:32])


def file_route(path: str, file: ServedFile) -> web.RouteDef:
    """Return the route under which that file is served."""
    return web.get(path, partial(_answer, file))


def folder_routes(prefix: str, folder: Path) -> Iterator[web.RouteDef]:
    """Yield a route for each file of the folder and the folders in it; none where there is no such folder."""
    root = folder.resolve()
    for path in sorted(root.rglob("*")):
        if path.suffix in TYPES and path.is_file() and path.resolve().is_relative_to(root):
            yield file_route(f"{prefix}/{path.relative_to(root).as_posix()}", read_file(path))


async def _answer(file: ServedFile, request: web.Request) -> web.Response:
    headers = {"Content-Type": file.content_type, "ETag": f'"{file.tag}"', "Cache-Control": "no-cache"}
    known = request.if_none_match or ()
    if any(tag.value == file.tag for tag in known):
        return web.Response(status=304, headers=headers)
    return web.Response(body=file.body, headers=headers)
