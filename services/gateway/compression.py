"""Agrees with a client on permessage-deflate (RFC 7692), where the operator wants events compressed.

Both sides forget each message (``server_no_context_takeover``, ``client_no_context_takeover``): ours, so that everybody
can be sent the same bytes; the client's, so that a connection at rest holds no state of a decompressor. What a client
sends compressed is decompressed by ``websockets``, no further than a message may be long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from websockets.extensions import Extension, ServerExtensionFactory
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory

from services.gateway.deflation import WINDOW_BITS

_FACTORY: Final = ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)


def extensions(compression_min: int) -> Sequence[ServerExtensionFactory]:
    """Return what a handshake may agree on; nothing where no event is to be compressed."""
    return [_FACTORY] if compression_min else []


def deflates(agreed: Sequence[Extension]) -> bool:
    """Tell whether a client can take what is compressed for everybody: one with too small a window cannot."""
    return any(isinstance(item, PerMessageDeflate) and item.local_max_window_bits >= WINDOW_BITS for item in agreed)
