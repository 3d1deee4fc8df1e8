"""``wasla token``: a token to try things with."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Annotated, Any

import jwt
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from services.cli.claims import claims_of
from services.cli.places import resolve
from services.gateway.access.keyring import UnusableKeys, read_keys
from services.gateway.settings import GatewaySettings
from shared.errors import ConfigurationError


def token(
    *,
    user: Annotated[str, typer.Option("--user", metavar="SUB", help="Whose it is (sub).")],
    lifetime: Annotated[float, typer.Option("--for", metavar="SECONDS", min=1, help="How long it holds.")] = 3600,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="PATH", help="Private key (PEM) or secret; default: a secret in WASLA_TOKEN_KEYS."
        ),
    ] = None,
    key_id: Annotated[str | None, typer.Option("--key-id", metavar="KID", help="Name of the key in its set.")] = None,
    audience: Annotated[
        str | None, typer.Option("--audience", metavar="AUD", help="Default: the first of WASLA_TOKEN_AUDIENCE.")
    ] = None,
    claim: Annotated[
        list[str] | None,
        typer.Option("--claim", metavar="NAME=VALUE", help="A further claim, for a policy; JSON, or else a text."),
    ] = None,
) -> None:
    """Issue a token, to try things with.

    A company has an issuer of its own.

    Signed by RS256, EdDSA or HS256, as the key is; the issuer is that of WASLA_TOKEN_ISSUER.

    A key to sign with is made by: openssl genpkey -algorithm ed25519 -out issuer.pem

    Its public half, for WASLA_TOKEN_KEYS, by: openssl pkey -in issuer.pem -pubout -out issuer.pub

    \b
    Examples:
      wasla token --user amine --key issuer.pem
      wasla token --user amine --for 90 --key secret
      wasla token --user amine --key issuer.pem --claim role=cashier --claim station_id=S1
    """
    settings = GatewaySettings.load()
    path = key or (None if settings.token_keys is None else resolve(Path(settings.token_keys)))
    if path is None:
        raise ConfigurationError("expected --key with a private key or secret, or WASLA_TOKEN_KEYS, got neither")
    now = int(time.time())
    claims: dict[str, Any] = {
        **claims_of(claim or []),
        "sub": user,
        "aud": audience or settings.token_audience.partition(",")[0].strip(),
        "iat": now,
        "exp": now + int(lifetime),
        "jti": secrets.token_hex(8),
    }
    if settings.token_issuer is not None:
        claims["iss"] = settings.token_issuer
    algorithm, signing_key = _signing_key(path)
    typer.echo(jwt.encode(claims, signing_key, algorithm, headers=None if key_id is None else {"kid": key_id}))


def _signing_key(path: Path) -> tuple[str, RSAPrivateKey | Ed25519PrivateKey | bytes]:
    """Return the algorithm and the key that *path* holds; raise ConfigurationError for one that signs nothing."""
    try:
        text = path.read_text(encoding="utf-8")
        if "-----BEGIN" not in text:
            (secret,) = read_keys(text)
            if isinstance(secret.key, bytes):
                return secret.algorithm, secret.key
        else:
            found = load_pem_private_key(text.encode(), password=None)
            if isinstance(found, RSAPrivateKey):
                return "RS256", found
            if isinstance(found, Ed25519PrivateKey):
                return "EdDSA", found
    except (OSError, ValueError, TypeError, UnusableKeys) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(f"{path}: expected a private key (PEM) or a secret, but {reason}") from None
    raise ConfigurationError(f"{path}: expected a private RSA or Ed25519 key (PEM), or a secret; got another kind")
