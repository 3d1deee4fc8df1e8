"""The table of limits in the documents is the table in the code."""

from __future__ import annotations

import re
from pathlib import Path

from services.gateway.limits import BY_CODE, BY_SLUG, Limit, Limits
from services.gateway.settings import GatewaySettings

SECURITY = Path(__file__).resolve().parents[3] / "docs" / "security.md"
ROWS = dict(
    re.findall(
        r"^\| `([a-z_]+)` \| (.*) \|$",
        SECURITY.read_text(encoding="utf-8").partition("\n## Limits\n")[2].partition("\n## ")[0],
        re.MULTILINE,
    )
)


def test_every_limit_has_its_row() -> None:
    assert set(ROWS) == set(Limit)


def test_every_row_names_settings_that_there_are() -> None:
    for row in ROWS.values():
        named = re.findall(r"`([A-Z_]+)`", row)
        assert named
        assert {name.lower() for name in named} <= set(GatewaySettings.model_fields)


def test_the_rows_say_what_the_code_does() -> None:
    for code, limit in BY_CODE.items():
        assert str(int(code)) in ROWS[limit]
    for slug, limit in BY_SLUG.items():
        assert f"`{slug}`" in ROWS[limit]


def test_a_client_is_held_to_the_settings() -> None:
    limits = Limits.of(
        GatewaySettings(
            max_subscriptions=1,
            max_where_conditions=2,
            max_messages_per_second=3,
            max_requests_per_second=4,
            max_gateway_requests_per_second=5,
        )
    )
    assert limits == Limits(1, 2, 3, 4, 5)
