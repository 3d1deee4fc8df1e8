"""``--url wss://...``: a gateway elsewhere proves its name, by the system's authorities or by one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.exits import Exit
from shared.access.tls import Certificate
from tests.certificates import Files, make_certificate
from tests.integration.cli.commands import wasla
from tests.integration.cli.scripted import event, gateway, registered, says


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """What the gateway elsewhere shows; nothing of this machine's settings names it."""
    return make_certificate(tmp_path)


async def test_a_gateway_elsewhere_proves_itself_by_ones_own_authority(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(files.cert))
    async with gateway(says(registered(5), event(6)), tls=Certificate(files.cert, files.key).context) as (url, _):
        answer = await wasla("tail", "--url", url, "-n", "1", "--json")
    assert answer.exit_code == Exit.OK, answer.output
    assert '"id":"6"' in answer.stdout


@pytest.mark.parametrize("names_another", [True, False])
async def test_a_certificate_that_nothing_vouches_for_is_a_sentence(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, names_another: bool
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    if names_another:
        monkeypatch.setenv("SSL_CERT_FILE", str(make_certificate(tmp_path, "another").cert))
    async with gateway(says(registered(5)), tls=Certificate(files.cert, files.key).context) as (url, openings):
        answer = await wasla("tail", "--url", url, "-n", "1")
    assert (answer.exit_code, answer.stdout, openings) == (Exit.UNREACHABLE, "", [])
    assert answer.stderr.startswith(f"wasla: the gateway at {url} shows a certificate that is not trusted (")
    assert "SSL_CERT_FILE" in answer.stderr


async def test_a_name_that_the_certificate_does_not_bear_is_a_sentence(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(files.cert))
    async with gateway(says(registered(5)), tls=Certificate(files.cert, files.key).context) as (url, openings):
        answer = await wasla("tail", "--url", url.replace("127.0.0.1", "127.0.0.2"), "-n", "1")
        elsewhere = await wasla("tail", "--url", url.replace("127.0.0.1", "[::ffff:127.0.0.1]"), "-n", "1")
    assert (answer.exit_code, elsewhere.exit_code, openings) == (Exit.UNREACHABLE, Exit.UNREACHABLE, [])
    assert "use a name that the certificate bears" in elsewhere.stderr


async def test_a_gateway_without_a_certificate_is_a_sentence() -> None:
    async with gateway(says(registered(5))) as (url, openings):
        answer = await wasla("tail", "--url", url.replace("ws:", "wss:"), "-n", "1")
    assert (answer.exit_code, openings) == (Exit.UNREACHABLE, [])
    assert "no gateway answers at wss://" in answer.stderr
