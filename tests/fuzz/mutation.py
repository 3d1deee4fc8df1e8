"""Spoils what is valid: trees of JSON values by meaning, bytes by chance; and writes trees down, hostile parts too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from tests.fuzz import hostile
from tests.fuzz.chance import Chance

MAX_BYTES: Final = 64 * 1024
_FRAGMENTS: Final = (
    b"\x00",
    b"\xff",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b",",
    b":",
    b"\r\n",
    b"\xed\xa0\x80",
    b"e999",
    b"-",
)


def tree(chance: Chance, valid: Any, *, times: int | None = None) -> Any:
    """Return a copy of *valid* in which a few places are others."""
    spoilt = _copy(valid)
    for _ in range(chance.few() if times is None else times):
        spoilt = _spoil(chance, spoilt)
    return spoilt


def written(chance: Chance, value: Any) -> bytes:
    """Return *value* as JSON text, in one of the ways it may be written."""
    return _written(value, ascii_only=chance.happens(0.5), doubled=chance.happens(0.05))


def damaged(chance: Chance, data: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Return *data* with a few bytes changed, moved, left out or put in."""
    for _ in range(1 + chance.few()):
        data = _damage(chance, data, others)
    return data[:MAX_BYTES]


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _spoil(chance: Chance, value: Any) -> Any:
    """Return *value* with one place changed; most changes are made deep inside."""
    if not isinstance(value, dict | list) or not value or chance.happens(0.03):
        return hostile.value(chance)
    key = chance.of(list(value)) if isinstance(value, dict) else chance.below(len(value))
    if chance.happens(0.6) and isinstance(value[key], dict | list):
        value[key] = _spoil(chance, value[key])
        return value
    match chance.below(9):
        case 0:
            del value[key]
        case 1 if isinstance(value, dict):
            value[hostile.text(chance)] = value.pop(key)
        case 2 if isinstance(value, list):
            value.extend(value[key] for _ in range(chance.of((1, 3, 101))))
        case 3:
            value[key] = [value[key]] if chance.happens(0.5) else {hostile.text(chance): value[key]}
        case 4:
            value[key] = hostile.value(chance)
        case _:
            value[key] = hostile.alike(chance, value[key])
    return value


def _written(value: Any, *, ascii_only: bool, doubled: bool) -> bytes:
    if isinstance(value, hostile.Text):
        return value
    if isinstance(value, dict):
        pairs = [
            _text(key, ascii_only=ascii_only) + b":" + _written(item, ascii_only=ascii_only, doubled=doubled)
            for key, item in value.items()
        ]
        return b"{" + b",".join([*pairs, *pairs[:1]] if doubled else pairs) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(_written(item, ascii_only=ascii_only, doubled=doubled) for item in value) + b"]"
    return _text(value, ascii_only=ascii_only) if isinstance(value, str) else json.dumps(value).encode()


def _text(value: str, *, ascii_only: bool) -> bytes:
    return json.dumps(value, ensure_ascii=ascii_only).encode(errors="surrogatepass")


def _damage(chance: Chance, data: bytes, others: Sequence[bytes]) -> bytes:
    begin = chance.below(len(data) + 1)
    end = min(len(data), begin + chance.of((1, 1, 2, 4, 16, 100)))
    match chance.below(7):
        case 0:
            return data[:begin]
        case 1:
            return data[:begin] + data[end:]
        case 2:
            return data[:end] + data[begin:end] * chance.of((1, 2, 50)) + data[end:]
        case 3:
            return data[:begin] + chance.of(_FRAGMENTS) + data[begin:]
        case 4 if others:
            other = chance.of(others)
            return data[:begin] + other[chance.below(len(other) + 1) :]
        case 5 if data:
            place = min(begin, len(data) - 1)
            return data[:place] + bytes((data[place] ^ (1 << chance.below(8)),)) + data[place + 1 :]
        case _:
            return data[:begin] + chance.some_bytes(end - begin) + data[end:]
