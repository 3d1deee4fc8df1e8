"""Which requests may change something: those of our own page, and of programs that are no browser. Pure.

A browser says with ``Origin`` where a page is from that sends a POST (RFC 6454, Fetch standard); another site's is
refused, and so is what a plain form could send. Which names this machine answers to at all, so that no site can pass
for it by pointing its own name here, is for the port's door to know.
"""

from __future__ import annotations

from urllib.parse import urlsplit


def refusal(*, origin: str | None, host: str, content_type: str, fetch_site: str | None) -> str | None:
    """Return the sentence that refuses a POST, None where it may pass."""
    if content_type != "application/json":
        return f"expected Content-Type: application/json, got {content_type or 'none'}"
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return f"expected the page of this same address, got one of {origin[:80]!r}"
    if origin is None and fetch_site not in (None, "same-origin", "none"):
        return f"expected the page of this same address, got a {fetch_site[:40]} request"
    return None
