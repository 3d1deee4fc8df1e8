"""To whom the command line gives the installation's key, and where it finds its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.introducing import own, to_gateway, withheld
from shared.access.client_key import write_client_key
from tests.certificates import make_certificate
from tests.integration.cli.commands import wasla

KEY = "k" * 40


@pytest.fixture
def _keyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_CLIENT_KEY", KEY)
    monkeypatch.setenv("WASLA_BUS_CONNECT", "tcp://1255.255.255.255:8767, tcp://10.0.0.2:8767")
    monkeypatch.setenv("WASLA_ALLOWED_HOSTS", "wasla.station")


@pytest.mark.usefixtures("_keyed")
@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("ws://127.0.0.1:8765", True),
        ("ws://[::1]:8765/", True),
        ("ws://localhost:1", True),
        ("ws://10.0.0.2:8765", True),
        ("ws://wasla.station:8765", True),
        ("wss://elsewhere.example", True),
        ("ws://10.0.0.3:8765", False),
        ("ws://elsewhere.example:8765", False),
        ("ws://10.0.0.2@elsewhere.example:8765", False),
        ("ws://10.0.0.2.elsewhere.example", False),
        ("ws://", False),
    ],
)
def test_the_key_goes_to_our_machines_and_elsewhere_only_where_nobody_listens(url: str, given: bool) -> None:
    assert to_gateway(url).token == (KEY if given else None)
    assert (withheld(url) is None) is given


@pytest.mark.usefixtures("_keyed")
async def test_tail_says_that_it_keeps_the_key_to_itself() -> None:
    answer = await wasla("tail", "--url", "ws://255.255.255.255:8765")  # the kernel connects nobody there
    said = " ".join(answer.stderr.split())
    assert "the client key is not sent to 255.255.255.255, which is not known as a machine of this installation" in said
    assert said.count("WASLA_ALLOWED_HOSTS") == 1
    assert KEY not in answer.output


async def test_who_has_no_key_withholds_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WASLA_DATA_DIR", str(tmp_path))
    assert withheld("ws://elsewhere.example:8765") is None


def test_files_are_where_the_services_see_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_certificate(tmp_path)
    write_client_key(tmp_path / "till.key")
    monkeypatch.setenv("WASLA_CLIENT_KEY_FILE", "till.key")
    monkeypatch.setenv("WASLA_TLS_CERT", "server.crt")
    monkeypatch.setenv("WASLA_TLS_KEY", "server.key")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr("services.cli.places._PROJECT", tmp_path)
    assert own().token == (tmp_path / "till.key").read_text().strip()
    assert own().tls is not None
