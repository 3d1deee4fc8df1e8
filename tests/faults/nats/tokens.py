"""An operator, an account and a user as NATS's own tool makes them: tokens signed down to a user's .creds file.

The format: https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from typing import Any

import nkeys


@dataclass(frozen=True)
class Identity:
    """A key pair."""

    seed: str

    @classmethod
    def new(cls, prefix: int) -> Identity:
        """Draw one, of an operator, an account or a user."""
        return cls(bytes(nkeys.encode_seed(os.urandom(32), prefix)).decode())

    @property
    def public(self) -> str:
        return bytes(self._pair().public_key).decode()

    def token(self, of: Identity, claims: dict[str, Any]) -> str:
        """Return a token about *of*, signed by this one."""
        head = _encoded(json.dumps({"typ": "JWT", "alg": "ed25519-nkey"}).encode())
        about = {"jti": "x", "iat": 1, "iss": self.public, "sub": of.public, "name": "test"}
        body = _encoded(json.dumps({**about, "nats": {"version": 2, **claims}}).encode())
        return f"{head}.{body}.{_encoded(bytes(self._pair().sign(f'{head}.{body}'.encode())))}"

    def _pair(self) -> Any:
        return nkeys.from_seed(bytearray(self.seed.encode()))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


WITHOUT_STREAMS = dict.fromkeys(["subs", "data", "payload", "imports", "exports", "conn", "leaf"], -1)
WITH_STREAMS = {**WITHOUT_STREAMS, **dict.fromkeys(["mem_storage", "disk_storage", "streams", "consumer"], -1)}


def operated() -> tuple[str, str]:
    """Return a server's configuration and the text of a .creds file that it lets in."""
    operator = Identity.new(nkeys.PREFIX_BYTE_OPERATOR)
    account, system = (Identity.new(nkeys.PREFIX_BYTE_ACCOUNT) for _ in range(2))
    user = Identity.new(nkeys.PREFIX_BYTE_USER)
    accounts = {
        each.public: operator.token(each, {"limits": {**limits, "wildcards": True}, "type": "account"})
        for each, limits in ((account, WITH_STREAMS), (system, WITHOUT_STREAMS))
    }
    preloaded = "\n".join(f"  {public}: {token}" for public, token in accounts.items())
    configuration = (
        f"operator: {operator.token(operator, {'type': 'operator', 'system_account': system.public})}\n"
        f"system_account: {system.public}\nresolver: MEMORY\nresolver_preload: {{\n{preloaded}\n}}\n"
    )
    token = account.token(user, {"type": "user", "subs": -1, "data": -1, "payload": -1})
    credentials = (
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
    )
    return configuration, credentials
