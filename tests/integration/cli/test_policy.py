"""``wasla policy check``: the file against the database's real columns, and decisions in sentences."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest

from tests.integration.cli.commands import wasla
from tests.integration.cli.databases import TABLES, execute

POLICY = """
[who]
key = "operator"

[roles.operator]
clients = true
tables."*" = {}

[roles.clerk]
broadcast = true
tables.tickets = { where = { id = { gte = "claims.first" } }, hide = ["COLUMN"] }
tables."audit.entries" = false
"""


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "policy.toml"
    monkeypatch.setenv("WASLA_POLICY", "policy.toml")
    return path


async def watched(url: str) -> None:
    await execute(url, TABLES)
    assert (await wasla("setup", "--no-verify", "--watch", "tickets", "--watch", "audit.entries")).exit_code == 0


def put(path: Path, column: str) -> None:
    path.write_text(POLICY.replace("COLUMN", column))


async def test_names_are_compared_with_the_database(url: str, policy: Path) -> None:
    await watched(url)
    put(policy, "nothing_here")
    result = await wasla("policy", "check")
    assert result.exit_code == 1
    assert "roles.clerk.tables.tickets.hide: expected a column of tickets (" in result.stderr
    assert "got nothing_here; correct it" in result.stderr


async def test_a_decision_is_explained(url: str, policy: Path) -> None:
    await watched(url)
    put(policy, "id")
    sound = f"{policy} is sound, and every name in it is there. Roles: operator, clerk."
    assert (await wasla("policy", "check")).stdout.splitlines() == [sound]
    result = await wasla("policy", "check", "--role", "clerk", "--claim", "first=7")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        sound,
        "The client has the role clerk, by its claim role.",
        "audit.entries: not seen, for the role says false.",
        "tickets: rows where id is at least 7 (claim first); without id.",
        "It may broadcast.",
        "It may not list clients.",
    ]
    by_key = await wasla("policy", "check", "--key", "--table", "tickets")
    assert by_key.stdout.splitlines()[1:] == [
        "The client has the role operator, as everybody who presents the client key (who.key).",
        'tickets: every row (by the rule "*").',
        "It may not broadcast.",
        "It may list clients.",
    ]
    assert (await wasla("policy", "check", "--anonymous")).stdout.splitlines()[1] == (
        "The client has no role: it may connect, and neither sees nor does anything."
    )


async def test_without_a_database_the_names_are_not_compared(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_DATABASE_URL", "postgresql://127.0.0.1:1/nowhere")
    put(policy, "nothing_here")
    result = await wasla("policy", "check", "--claim", "role=clerk")
    assert result.exit_code == 0, result.output
    assert "names of tables and columns are not checked" in result.stderr
    assert "tickets: not seen, for the claim first is missing or does not fit" in result.stdout


async def test_what_is_wrong_is_said(policy: Path) -> None:
    answer = await wasla("policy", "check")
    assert (answer.exit_code, "policy.toml cannot be read" in answer.stderr) == (78, True)
    put(policy, "id")
    for words, sentence in (
        (["--role", "x"], "expected a role of the file"),
        (["--claim", "x"], "expected NAME=VALUE, got x"),
        (["--key", "--anonymous"], "got several"),
    ):
        answer = await wasla("policy", "check", *words)
        assert answer.exit_code == 2
        assert sentence in " ".join(answer.stderr.replace("│", " ").split())


async def test_without_a_policy_it_says_so(tmp_path: Path) -> None:
    answer = await wasla("policy", "check")
    assert answer.exit_code == 78
    assert "WASLA_POLICY: expected a policy file, it is not set, so everybody sees everything" in answer.stderr
    (tmp_path / "other.toml").write_text("[roles.r]")
    answer = await wasla("policy", "check", "--file", "other.toml")
    assert answer.stdout.splitlines() == ["other.toml is sound. Roles: r."]


async def test_a_token_for_tests_carries_claims(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret-" * 6)
    (tmp_path / "secret").chmod(0o600)
    claims = ("--claim", "role=cashier", "--claim", "depots=[1,2]", "--claim", "sub=somebody")
    answer = await wasla("token", "--user", "amine", "--key", "secret", *claims)
    found = jwt.decode(answer.stdout.strip(), options={"verify_signature": False})
    assert (found["role"], found["depots"], found["sub"]) == ("cashier", [1, 2], "amine")
