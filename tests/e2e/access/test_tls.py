"""The whole product by TLS, with a key: pages, tools, and a certificate that is renewed under it."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.certificates import Files, make_certificate
from tests.e2e.access.operator import Answer, supervisorctl, wasla
from tests.e2e.fleet import Fleet, running_fleet
from tests.supervised import DEADLINE

pytestmark = pytest.mark.timeout(400)

KEY = "a-client-key-of-an-installation-for-tests"
REGISTER = Path(__file__).with_name("page.js").read_text()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def secure(files: Files) -> Iterator[Fleet]:
    """A fleet as it stands where other machines reach it."""
    variables = {
        "WASLA_TLS_CERT": str(files.cert),
        "WASLA_TLS_KEY": str(files.key),
        "WASLA_CLIENT_KEY": KEY,
    }
    with running_fleet(**variables) as fleet:
        yield fleet


async def test_a_page_by_https_connects_by_wss_with_the_key_alone(secure: Fleet, browser: Browser) -> None:
    context = await browser.new_context(ignore_https_errors=True)  # a browser of the company knows the authority
    page = await context.new_page()
    await page.goto(secure.status_url)
    assert await page.evaluate("window.isSecureContext && location.protocol") == "https:"
    opened = await page.evaluate(REGISTER, {"url": secure.gateway_url, "token": KEY})
    assert opened == {"heard": ["registered"], "code": None}
    refused = await page.evaluate(REGISTER, {"url": secure.gateway_url, "token": "another"})
    assert refused == {"heard": ["error"], "code": 4501}
    await context.close()


async def test_our_tools_introduce_themselves(secure: Fleet) -> None:
    await asyncio.to_thread(secure.wait_until_ready)
    status = await answered(secure, "status", "--json")
    assert json.loads(status.output)["ready"]
    tail = asyncio.create_task(wasla(secure, "tail", "--count", "1", "--event", "TEST", "--json"))
    async with asyncio.timeout(DEADLINE):
        while not tail.done():
            await wasla(secure, "setup")
    assert (await tail).code == 0, (await tail).output
    doctor = json.loads((await answered(secure, "doctor", "--json")).output)
    assert [finding for finding in doctor if finding["level"] == "problem"] == []


async def answered(fleet: Fleet, *words: str) -> Answer:
    """Run a command until it finds that all is well: a busy machine may be late at a moment."""
    deadline = time.monotonic() + DEADLINE
    while (answer := await wasla(fleet, *words)).code:
        assert time.monotonic() < deadline, answer.output
    return answer


async def test_a_renewed_certificate_drops_nobody(secure: Fleet, files: Files, browser: Browser) -> None:
    context = await browser.new_context(ignore_https_errors=True)
    page = await context.new_page()
    await page.goto(secure.status_url)
    await page.evaluate(REGISTER, {"url": secure.gateway_url, "token": KEY})
    renewed = make_certificate(files.cert.parent, "renewed", kind="rsa")
    shutil.copy(renewed.cert, files.cert)
    shutil.copy(renewed.key, files.key)
    answer = await supervisorctl(secure, "signal", "HUP", "gateway:*", "gateway-extra:*", "monitor")
    assert answer.code == 0, answer.output
    await asyncio.to_thread(secure.wait_for, "three processes reload", lambda: secure.log.count("reloaded") >= 3)
    shown = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", secure.base_port))
    assert shown == renewed.cert.read_text()
    await asyncio.to_thread(secure.wait_until_ready)
    assert await page.evaluate("window.sockets.at(-1).readyState") == 1
    await answered(secure, "status")
    await context.close()


def test_no_secret_is_in_the_log(secure: Fleet, files: Files) -> None:
    assert "access refused" in secure.log
    assert KEY not in secure.log
    assert files.key.read_text().splitlines()[1] not in secure.log
