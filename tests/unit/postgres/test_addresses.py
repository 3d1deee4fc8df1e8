"""The embedded server's URL and the length of its socket's path."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from services.postgres.addresses import MAX_SOCKET_PATH_BYTES, fits, socket_url


def test_url_names_the_socket_directory() -> None:
    url = socket_url(user="wasla", password="pw", database="wasla", directory=Path("/srv/app/socket"), port=5432)
    assert url == "postgresql://wasla:pw@/wasla?host=/srv/app/socket"


def test_another_port_is_named() -> None:
    url = socket_url(user="wasla", password="pw", database="wasla", directory=Path("/s"), port=5440)
    assert url == "postgresql://wasla:pw@/wasla?host=/s&port=5440"


def test_what_has_a_meaning_in_a_url_is_quoted() -> None:
    directory = Path("/srv/a b&c=d?e%f")
    url = socket_url(user="wasla", password="p@/:?", database="wasla", directory=directory, port=5432)
    parts = urlsplit(url)
    assert parse_qs(parts.query) == {"host": [str(directory)]}
    assert parts.password == "p%40%2F%3A%3F"


@pytest.mark.parametrize(("length", "expected"), [(MAX_SOCKET_PATH_BYTES, True), (MAX_SOCKET_PATH_BYTES + 1, False)])
def test_fits_counts_the_longest_socket_name(length: int, expected: bool) -> None:
    name = "/.s.PGSQL.65535"
    assert fits(Path("/" + "x" * (length - len(name) - 1))) is expected


def test_fits_counts_bytes() -> None:
    assert not fits(Path("/" + "é" * 50))
