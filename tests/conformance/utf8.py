"""Family 6: text is UTF-8, whole or not at all.

A frame of text that is not is told (``malformed_message``) and ends the connection with 4500, the code that tells
clients of ours to stay away until they are mended; section 8.1 asks that the connection fails, and section 7.4.2 leaves
the code to the application.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.conformance.case import MALFORMED, Case, echo, fragments, message, pieces, text

_GREEK: Final = "κόσμε"
_RIGHT: Final = {
    "6.2 several alphabets": "Hello-µ@ßöäüàá-UTF-8!!",
    "6.5 Greek": _GREEK,
    "6.6 first of two bytes": "\u0080",
    "6.6 last of two bytes": "\u07ff",
    "6.6 first of three bytes": "\u0800",
    "6.6 last of three bytes": "\uffff",
    "6.6 first of four bytes": "\U00010000",
    "6.6 last before the surrogates": "\ud7ff",
    "6.6 first behind the surrogates": "\ue000",
    "6.9 the replacement character": "\ufffd",
    "6.9 the last there is": "\U0010ffff",
    "6.22 no characters, but code points": "\ufdd0\ufffe\uffff\U0001fffe\U0002ffff\U0010fffe",
    "6.23 specials": "\ufff9\ufffa\ufffb\ufffc",
    "6.24 a byte order mark": "\ufeffx",
}
_WRONG: Final = {
    "6.3 a wrong byte behind right ones": _GREEK.encode() + b"\xed\xa0\x80edited",
    "6.7 five bytes": b"\xf8\x88\x80\x80\x80",
    "6.7 six bytes": b"\xfc\x84\x80\x80\x80\x80",
    "6.9 beyond the last there is": b"\xf4\x90\x80\x80",
    "6.10 far beyond it": b"\xf7\xbf\xbf\xbf",
    "6.12 a continuation alone": b"\x80",
    "6.12 the last continuation alone": b"\xbf",
    "6.12 seven continuations": b"\x80\xbf\x80\xbf\x80\xbf\x80",
    "6.13 beginnings of two bytes": b"\xc0 \xc1 \xc2 \xdf ",
    "6.13 beginnings of three bytes": b"\xe0 \xe1 \xef ",
    "6.13 beginnings of four bytes": b"\xf0 \xf1 \xf4 ",
    "6.14 one byte is missing of two": b"\xc3x",
    "6.14 one byte is missing of three": b"\xe2\x82x",
    "6.14 one byte is missing of four": b"\xf0\x9f\x98x",
    "6.15 unfinished ones in a row": b"\xc3\xe2\x82\xf0\x9f\x98",
    "6.16 bytes that never occur": b"\xfe\xff",
    "6.17 a slash in two bytes": b"\xc0\xaf",
    "6.17 a slash in three bytes": b"\xe0\x80\xaf",
    "6.17 a slash in four bytes": b"\xf0\x80\x80\xaf",
    "6.18 the longest forms too long": b"\xc1\xbf\xe0\x9f\xbf\xf0\x8f\xbf\xbf",
    "6.19 zero in two bytes": b"\xc0\x80",
    "6.20 first high surrogate": b"\xed\xa0\x80",
    "6.20 last low surrogate": b"\xed\xbf\xbf",
    "6.21 a pair of surrogates": b"\xed\xa0\x80\xed\xb0\x80",
}


def right() -> Iterator[Case]:
    """Text that is UTF-8 comes back as it is, wherever frames and TCP divide its characters."""
    yield Case("6.1 nothing, in three fragments", "5.6", fragments([b"", b"", b""]), MALFORMED)
    for name, said in _RIGHT.items():
        yield Case(name, "8.1", [text(message(said))], [echo(said)])
        yield Case(f"{name}, a fragment a byte", "8.1", fragments(pieces(message(said))), [echo(said)])
    said = _RIGHT["6.2 several alphabets"]
    yield Case("6.2 in single bytes", "8.1", pieces(text(message(said))), [echo(said)])


def wrong() -> Iterator[Case]:
    """Text that is not UTF-8 ends the connection, in one frame and in several."""
    for name, bad in _WRONG.items():
        payload = message("?").replace(b"?", bad)
        yield Case(name, "8.1", [text(payload)], MALFORMED)
        yield Case(f"{name}, a fragment a byte", "8.1", fragments(pieces(payload)), MALFORMED)
    yield Case("6.4 it ends within a character", "8.1", [text(message("x")[:-4] + b"\xe2\x82")], MALFORMED)


CASES: Final = [*right(), *wrong()]
