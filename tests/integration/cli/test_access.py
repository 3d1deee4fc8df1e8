"""``wasla revoke``, ``wasla token``, and a command that introduces itself to a gateway that asks."""

from __future__ import annotations

import json
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from services.cli.exits import Exit
from services.gateway.access.keyring import read_keys
from services.gateway.access.tokens import TokenRules, verify
from tests.certificates import private_pem, public_pem
from tests.integration.cli.commands import wasla
from tests.integration.cli.databases import execute

ISSUER = ed25519.Ed25519PrivateKey.generate()


async def test_what_is_revoked_is_listed_until_it_is_undone(url: str) -> None:
    assert "run wasla setup" in (await wasla("revoke")).stderr
    await wasla("setup", "--no-verify")
    assert (await wasla("revoke")).stdout == "nothing is revoked\n"
    assert (await wasla("revoke", "--user", "amine")).stdout == "user amine is revoked\n"
    token = jwt.encode({"sub": "badr", "jti": "t1", "exp": 4_000_000_000}, ISSUER, "EdDSA")
    assert (await wasla("revoke", "--token", token)).stdout == "token t1 is revoked\n"
    found = json.loads((await wasla("revoke", "--json")).stdout)
    assert [(item["kind"], item["value"]) for item in found] == [("user", "amine"), ("token", "t1")]
    assert "amine" in (await wasla("revoke")).stdout
    assert (await wasla("revoke", "--token-id", "t1", "--undo")).stdout == "token t1 is no longer revoked\n"
    assert (await wasla("revoke", "--token-id", "t1", "--undo")).exit_code == Exit.FAILED
    assert len(json.loads((await wasla("revoke", "--json")).stdout)) == 1


async def test_a_user_of_any_name_may_be_revoked(url: str) -> None:
    await wasla("setup", "--no-verify")
    name = '\'; DROP TABLE wasla.revocation; -- \\ "x"'
    assert (await wasla("revoke", "--user", name)).exit_code == Exit.OK
    await execute(url, "SELECT 1 FROM wasla.revocation")
    assert json.loads((await wasla("revoke", "--json")).stdout)[0]["value"] == name


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--user", "a", "--token-id", "b"), "expected one of"),
        (("--token", "nothing"), "expected a JSON Web Token"),
        (("--token", jwt.encode({"sub": "badr"}, ISSUER, "EdDSA")), "it has none"),
    ],
)
async def test_what_cannot_be_revoked(words: tuple[str, ...], expected: str) -> None:
    answer = await wasla("revoke", *words)
    assert answer.exit_code == Exit.USAGE
    assert expected in " ".join(answer.stderr.split())


async def test_an_issued_token_is_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "issuer.pem").write_text(private_pem(ISSUER))
    monkeypatch.setenv("WASLA_TOKEN_ISSUER", "https://issuer.example")
    answer = await wasla("token", "--user", "amine", "--for", "90", "--key", "issuer.pem", "--key-id", "k1")
    assert answer.exit_code == Exit.OK, answer.output
    issued = jwt.decode(answer.stdout.strip(), options={"verify_signature": False})
    rules = TokenRules(frozenset({"wasla"}), "https://issuer.example")
    claims = verify(answer.stdout.strip(), read_keys(public_pem(ISSUER)), rules, issued["iat"] + 1)
    assert claims.user == "amine"
    assert claims.expires_at == issued["iat"] + 90
    assert claims.token_id
    assert jwt.get_unverified_header(answer.stdout.strip())["kid"] == "k1"


async def test_an_issued_token_by_the_configured_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("s" * 40)
    monkeypatch.setenv("WASLA_TOKEN_KEYS", "secret")
    answer = await wasla("token", "--user", "amine")
    assert jwt.decode(answer.stdout.strip(), "s" * 40, ["HS256"], audience="wasla")["sub"] == "amine"


async def test_what_signs_nothing_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "public.pem").write_text(public_pem(ISSUER))
    for words, expected in (
        (("token", "--user", "a"), "expected --key"),
        (("token", "--user", "a", "--key", "missing"), "missing: expected a private key"),
        (("token", "--user", "a", "--key", "public.pem"), "public.pem: expected a private key"),
    ):
        answer = await wasla(*words)
        assert answer.exit_code == Exit.CONFIGURATION
        assert expected in answer.stderr
