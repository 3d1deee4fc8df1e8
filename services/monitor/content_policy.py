"""What the pages may load and whom they may talk to (Content Security Policy level 3). Pure.

They hold the key, so the policy names the gateways, and nobody else, as where WebSockets may lead: the host that the
browser asked for, at the gateways' port. Where those speak no TLS themselves somebody before them may, so ``wss:`` is
named besides: that ``ws:`` admits it (scheme-part matching in CSP 3) Chromium keeps to only where no port is named.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from shared.access.hosts import host_name

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def content_policy(host: str | None, gateway_url: str) -> str:
    """Return the policy for a page that was asked for under that ``Host`` header."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'{_gateways(host_name(host), gateway_url)}; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )


def _gateways(name: str | None, url: str) -> str:
    gateway = urlsplit(url)
    if name is None:
        return ""
    if ":" in name:  # the grammar of policies has no IPv6 addresses: only a scheme can be named
        return " wss:" if gateway.scheme == "wss" else " ws: wss:"
    port = "" if gateway.port is None else f":{gateway.port}"
    schemes = ("wss",) if gateway.scheme == "wss" else ("ws", "wss")
    return "".join(f" {scheme}://{name}{port}" for scheme in schemes) if _NAME.fullmatch(name) else ""
