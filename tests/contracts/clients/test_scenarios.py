"""What every client does, told in the words of docs/protocol.md, against a gateway that follows a script."""

from __future__ import annotations

import asyncio

import pytest

from shared.close_codes import CloseCode
from tests.contracts.clients.conftest import OpenClient
from tests.contracts.clients.scripted_gateway import EPOCH, ScriptedGateway

Gateways = list[ScriptedGateway]
BOARD = {"id": "board", "tables": ["bookings"], "where": {"id": {"eq": "7"}}}


async def test_the_first_register_resumes_nothing(gateways: Gateways, open_client: OpenClient) -> None:
    await open_client([gateways[0].address])
    visitor = await gateways[0].visitor()
    assert 1 <= len(visitor.register["app_name"]) <= 64
    assert visitor.register.get("resume") is None


async def test_a_cut_link_is_resumed_from_the_largest_position(gateways: Gateways, open_client: OpenClient) -> None:
    client = await open_client([gateways[0].address])
    visitor = await gateways[0].visitor()
    await visitor.welcome(seq=10)
    await visitor.events(11, 14)
    assert [(await client.event())["seq"] for _ in range(2)] == [11, 14]
    await visitor.tell("position", {"epoch": EPOCH, "seq": 20})
    await visitor.events(22)
    await client.event()
    visitor.cut()
    again = await gateways[0].visitor()
    assert again.register["resume"] == {"epoch": EPOCH, "seq": 22}


async def test_a_position_counts_like_an_event(gateways: Gateways, open_client: OpenClient) -> None:
    client = await open_client([gateways[0].address])
    visitor = await gateways[0].visitor()
    await visitor.welcome(seq=10)
    await visitor.tell("position", {"epoch": EPOCH, "seq": 20})
    await visitor.tell("resync", {"reason": "capture_failed", "tables": ["bookings"], "epoch": EPOCH, "seq": 21})
    await client.resync()
    await visitor.tell("position", {"epoch": EPOCH, "seq": 30})
    await visitor.end(1001)
    assert (await gateways[0].visitor()).register["resume"] == {"epoch": EPOCH, "seq": 30}


async def test_nothing_told_is_resumed_from_registered(gateways: Gateways, open_client: OpenClient) -> None:
    await open_client([gateways[0].address])
    visitor = await gateways[0].visitor()
    await visitor.welcome(seq=10)
    await visitor.end(1001)
    assert (await gateways[0].visitor()).register["resume"] == {"epoch": EPOCH, "seq": 10}


async def test_a_registered_behind_the_client_takes_nothing_from_it(
    gateways: Gateways, open_client: OpenClient
) -> None:
    client = await open_client([gateways[0].address])
    visitor = await gateways[0].visitor()
    await visitor.welcome(seq=10)
    await visitor.events(12)
    await client.event()
    visitor.cut()
    behind = await gateways[0].visitor()
    await behind.welcome(seq=9)
    await behind.end(1001)
    assert (await gateways[0].visitor()).register["resume"] == {"epoch": EPOCH, "seq": 12}


async def test_resync_is_told_and_replaces_the_position(gateways: Gateways, open_client: OpenClient) -> None:
    client = await open_client([gateways[0].address])
    visitor = await gateways[0].visitor()
    await visitor.welcome(seq=100)
    told = {"reason": "epoch_changed", "tables": None, "epoch": "epoch-2", "seq": 3}
    await visitor.tell("resync", told)
    assert await client.resync() == told
    await visitor.events(4)
    assert (await client.event())["seq"] == 4
    visitor.cut()
    assert (await gateways[0].visitor()).register["resume"] == {"epoch": "epoch-2", "seq": 4}


async def test_another_epoch_counts_only_when_resync_says_so(gateways: Gateways, open_client: OpenClient) -> None:
    await open_client([gateways[0].address])
    visitor = await gateways[0].visitor()
    await visitor.welcome(seq=10)
    visitor.cut()
    elsewhere = await gateways[0].visitor()
    await elsewhere.welcome(epoch="epoch-2", seq=500)
    await elsewhere.end(1001)
    assert (await gateways[0].visitor()).register["resume"] == {"epoch": EPOCH, "seq": 10}


async def test_subscriptions_are_made_again(gateways: Gateways, open_client: OpenClient) -> None:
    await open_client([gateways[0].address], subscribe=[BOARD])
    for _ in range(3):
        visitor = await gateways[0].visitor()
        assert visitor.register["subscribe"] == [BOARD]
        visitor.cut()


async def test_what_is_new_is_ignored(gateways: Gateways, open_client: OpenClient) -> None:
    client = await open_client([gateways[0].address])
    visitor = await gateways[0].visitor()
    await visitor.welcome()
    await visitor.tell("weather", {"seq": 1000, "epoch": "sunny"})
    await visitor.tell("position", {"epoch": EPOCH, "seq": 5, "colour": "blue"})
    await visitor.events(6)
    assert (await client.event())["seq"] == 6
    visitor.cut()
    assert (await gateways[0].visitor()).register["resume"] == {"epoch": EPOCH, "seq": 6}


async def test_the_next_address_is_tried_when_one_does_not_answer(gateways: Gateways, open_client: OpenClient) -> None:
    first, second = gateways
    await first.stop()
    await open_client([first.address, second.address])
    await (await second.visitor()).welcome()


async def test_a_sibling_takes_over(gateways: Gateways, open_client: OpenClient) -> None:
    first, second = gateways
    client = await open_client([first.address, second.address])
    visitor = await first.visitor()
    await visitor.welcome(seq=1)
    await visitor.events(2)
    await client.event()
    await first.stop()
    sibling = await second.visitor()
    assert sibling.register["resume"] == {"epoch": EPOCH, "seq": 2}
    await sibling.welcome(seq=2, resumed=True)
    await sibling.events(3)
    assert (await client.event())["seq"] == 3


async def test_a_drained_gateway_is_left_for_another(gateways: Gateways, open_client: OpenClient) -> None:
    first, second = gateways
    await open_client([first.address, second.address])
    visitor = await first.visitor()
    await visitor.welcome()
    await visitor.end(CloseCode.GOING_AWAY)
    await second.visitor()


@pytest.mark.parametrize("code", [code for code in CloseCode if 4000 <= code <= 4499])
async def test_codes_that_say_reconnect(gateways: Gateways, open_client: OpenClient, code: int) -> None:
    await open_client([gateways[0].address])
    visitor = await gateways[0].visitor()
    await visitor.welcome(seq=8)
    await visitor.end(code)
    assert (await gateways[0].visitor()).register["resume"] == {"epoch": EPOCH, "seq": 8}


@pytest.mark.parametrize("code", [4499, 1011, 1012])
async def test_codes_nobody_knows_yet_say_reconnect(gateways: Gateways, open_client: OpenClient, code: int) -> None:
    await open_client([gateways[0].address])
    visitor = await gateways[0].visitor()
    await visitor.welcome()
    await visitor.end(code)
    await gateways[0].visitor()


@pytest.mark.parametrize("code", [*(code for code in CloseCode if code >= 4500), 4999])
async def test_codes_that_say_stop(gateways: Gateways, open_client: OpenClient, code: int) -> None:
    client = await open_client([gateways[0].address, gateways[1].address])
    visitor = await gateways[0].visitor()
    await visitor.welcome()
    await visitor.end(code)
    async with asyncio.timeout(60.0):
        assert await client.gave_up() == code
    assert (gateways[0].connections, gateways[1].connections) == (1, 0)


async def test_a_link_that_says_nothing_is_left(gateways: Gateways, open_client: OpenClient) -> None:
    first, second = gateways
    client = await open_client([first.address, second.address], hasty=True)
    visitor = await first.visitor()
    await visitor.welcome(seq=1, ping_interval=0.5)
    await visitor.events(2)
    await client.event()
    first.is_silent = True
    assert (await second.visitor()).register["resume"] == {"epoch": EPOCH, "seq": 2}


async def test_a_quiet_link_that_answers_is_kept(gateways: Gateways, open_client: OpenClient) -> None:
    client = await open_client([gateways[0].address], hasty=True)
    for _ in range(5):  # a machine that stands still for as long as a client is patient breaks its link, for once
        visitor = await gateways[0].visitor()
        await visitor.welcome(ping_interval=0.5)
        before = gateways[0].connections
        await asyncio.sleep(1.5)  # the silence itself is what is tried
        if gateways[0].connections == before:
            break
    else:
        pytest.fail("the link was left each time, though every ping was answered")
    await visitor.events(1)
    await client.event()
