"""The product as it is attacked: one gateway for everybody, one more by TLS, a keyed bus, and an issuer of tokens."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from shared.bus.keys import write_key
from tests.attacks.identities import TAKEN_BACK
from tests.attacks.target import Target, Tokens
from tests.certificates import Files, make_certificate, private_pem, public_pem
from tests.e2e.fleet import Fleet, running_fleet
from tests.ports import free_ports

GATEWAY = "gateway-00"
STOLEN = "stolen"
"""The id of the token that was taken back."""

PATIENCE = {"WASLA_HANDSHAKE_TIMEOUT": "2", "WASLA_REGISTER_TIMEOUT": "2", "WASLA_CLOSE_TIMEOUT": "1"}
"""As little as slow attackers are worth waiting for."""

STARVED = {"WASLA_WATCHDOG_TIMEOUT": "60", "WASLA_RESTART_AFTER": "60"}
"""Attackers take this machine's processor, too: who gets none for seconds is not to be replaced."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What runs, and the certificate of the gateway that speaks TLS."""

    fleet: Fleet
    secure: subprocess.Popen[bytes]
    certificate: Files
    tokens: Tokens
    tls_port: int

    def target(self, seconds: float) -> Target:
        """Return what to attack for *seconds* at a time."""
        return Target(
            port=self.fleet.base_port,
            tls_port=self.tls_port,
            status_port=self.fleet.base_port + 1,
            bus_port=self.fleet.base_port + 2,
            heartbeat_port=self.fleet.base_port + 4,
            database_url=self.fleet.database_url,
            tokens=self.tokens,
            seconds=seconds,
        )

    @property
    def tls(self) -> ssl.SSLContext:
        """What trusts the certificate."""
        return ssl.create_default_context(cafile=self.certificate.cert)

    def pids(self) -> dict[str, int]:
        """Return every process that is attacked."""
        programs = self.fleet.programs()
        running = {name: info["pid"] for name, info in programs.items() if info["statename"] == "RUNNING"}
        assert self.secure.poll() is None
        return {**running, "gateway by TLS": self.secure.pid}


@contextmanager
def attacked_ground(directory: Path) -> Iterator[Ground]:
    """Run the product for the length of the block; what is made lies in *directory*."""
    issuer, bus_key = rsa.generate_private_key(65537, 2048), directory / "bus.key"
    (directory / "public.pem").write_text(public_pem(issuer))
    write_key(bus_key)
    variables = {
        **PATIENCE,
        **STARVED,
        "WASLA_ALLOW_ANONYMOUS": "1",  # whoever presents nothing is let in, whoever presents something false is not
        "WASLA_CLIENT_KEY": "k" * 40,
        "WASLA_TOKEN_KEYS": str(directory / "public.pem"),
        "WASLA_TOKEN_LEEWAY": "0",
        "WASLA_BUS_KEY_FILE": str(bus_key),
        "WASLA_COMPRESSION_MIN": "100",  # so that bombs are taken for what they are
    }
    with running_fleet(**variables) as fleet, _secure_gateway(fleet, directory) as (secure, certificate, port):
        fleet.stop_program("gateway:gateway-01")  # so that everybody meets at the other
        assert fleet.wasla("revoke", "--token-id", STOLEN).returncode == 0
        yield Ground(fleet, secure, certificate, _tokens(issuer), port)
        sys.stdout.write(fleet.log)


@contextmanager
def _secure_gateway(fleet: Fleet, directory: Path) -> Iterator[tuple[subprocess.Popen[bytes], Files, int]]:
    files, port = make_certificate(directory), free_ports(1)
    environment = {
        **fleet.environment,
        "WASLA_PORT": str(port),
        "WASLA_TLS_CERT": str(files.cert),
        "WASLA_TLS_KEY": str(files.key),
    }
    with (directory / "gateway.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.gateway"], cwd=fleet.directory, env=environment, stdout=log, stderr=log
        )
    try:
        fleet.wait_for("the gateway by TLS serves", lambda: b"listening" in (directory / "gateway.log").read_bytes())
        yield process, files, port
    finally:
        process.terminate()
        process.wait()
        sys.stdout.write((directory / "gateway.log").read_text())


def _tokens(issuer: rsa.RSAPrivateKey) -> Tokens:
    """Make one good token, and every kind that must not be let in."""
    public, now = public_pem(issuer), int(time.time())
    claims: dict[str, Any] = {"sub": "amine", "aud": "wasla", "iat": now - 60, "exp": now + 3600}

    def signed(key: rsa.RSAPrivateKey = issuer, headers: dict[str, Any] | None = None, **changes: Any) -> str:
        return jwt.encode({**claims, **changes}, private_pem(key), "RS256", headers)

    good = signed()
    head, body, signature = good.split(".")
    anothers = rsa.generate_private_key(65537, 2048)
    own = RSAAlgorithm.to_jwk(anothers.public_key(), as_dict=True)
    forged = {
        "alg none": f"{_part({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "alg None with a signature": f"{_part({'alg': 'None'})}.{body}.{signature}",
        "the public key as a secret": _hmac({"alg": "HS256"}, claims, public),
        "the public key without its last line's end": _hmac({"alg": "HS256"}, claims, public.strip()),
        "no signature": f"{head}.{body}.",
        "another body": f"{head}.{_part({**claims, 'sub': 'root'})}.{signature}",
        "another's key": signed(anothers),
        "a key that it brings itself": signed(anothers, {"jwk": own}),
        "a key's name that is a path": signed(anothers, {"kid": "../../../../dev/null"}),
        "a key's name that is SQL": signed(anothers, {"kid": "' OR '1'='1"}),
        "over since a second": signed(exp=now - 1),
        "over since a year": signed(iat=now - 400 * 86400, exp=now - 365 * 86400),
        "not yet": signed(nbf=now + 3600),
        "for somebody else": signed(aud="another"),
        "without an end": jwt.encode({k: v for k, v in claims.items() if k != "exp"}, private_pem(issuer), "RS256"),
        TAKEN_BACK: signed(jti=STOLEN),
    }  # fmt: skip
    return Tokens(forged=forged, good=good)


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _hmac(header: dict[str, Any], claims: dict[str, Any], secret: str) -> str:
    signed = f"{_part(header)}.{_part(claims)}"
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def memory(pid: int) -> int:
    """Return the bytes that a process has in memory."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
