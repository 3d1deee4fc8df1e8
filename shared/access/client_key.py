"""The client key: one secret that every client of an installation presents.

The file is the key itself, one line for its owner alone, so that it can be copied into a till as it stands. The key
may also come by WASLA_CLIENT_KEY. A key that is there is demanded on loopback, too: whether a client needs it does
not depend on the address.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from pathlib import Path
from typing import Final

from shared.access.settings import AccessSettings
from shared.errors import ConfigurationError, WaslaError
from shared.private_files import read_private, write_private
from shared.settings import variable

MIN_LENGTH: Final = 32
_KEY: Final = re.compile(rf"[\x21-\x7e]{{{MIN_LENGTH},512}}")


class ClientKey:
    """The secret; its text is in no repr."""

    __slots__ = ("_digest", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._digest = _digest(text)

    def __repr__(self) -> str:
        return "ClientKey(...)"

    def is_same(self, presented: str) -> bool:
        """Compare in a time that tells nothing, not even of the length."""
        return hmac.compare_digest(_digest(presented), self._digest)


def client_key(settings: AccessSettings) -> ClientKey | None:
    """Return the key in force; None where none is configured and none lies in the default place."""
    if settings.client_key is not None:
        return _checked(settings.client_key.get_secret_value(), variable("client_key"))
    path = client_key_file(settings)
    try:
        return _checked(read_private(path, "the client key"), str(path))
    except FileNotFoundError:
        if settings.client_key_file is None:
            return None
        raise ConfigurationError(
            f"{variable('client_key_file')}: expected a key file at {path}, found none; copy it from another machine, "
            "or make one with wasla keys --only clients"
        ) from None


def client_key_file(settings: AccessSettings) -> Path:
    """Return where the key is, or would be."""
    return settings.client_key_file or settings.data_dir / "client.key"


def write_client_key(path: Path, *, replace: bool = False) -> None:
    """Make a new key; raise WaslaError where it cannot be written, or is already there and not to be replaced."""
    try:
        write_private(path, f"wck_{secrets.token_urlsafe(32)}", replace=replace)
    except FileExistsError:
        raise WaslaError(
            f"there is a key at {path} already, and clients may use it; copy that one, or make a new one for all of "
            "them with wasla keys --only clients --replace"
        ) from None
    except OSError as error:
        raise WaslaError(f"the client key cannot be written to {path} ({error.strerror}); correct it") from None


def _checked(text: str, where: str) -> ClientKey:
    if _KEY.fullmatch(text) is None:
        raise ConfigurationError(
            f"{where}: expected a key of {MIN_LENGTH} to 512 visible ASCII characters, found something else; make one "
            "with wasla keys --only clients"
        )
    return ClientKey(text)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
