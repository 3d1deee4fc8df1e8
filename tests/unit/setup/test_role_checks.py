"""The sentences for roles that cannot be what they are for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.setup.role_checks import (
    CAPTURE,
    LISTENER,
    OWNER,
    LoginFacts,
    RoleFacts,
    login_refusals,
    quoted,
    role_refusals,
)

MISSING = [
    RoleFacts(name=name, exists=False, logs_in=False, is_mighty=False, may_act=False, may_grant=True)
    for name in (OWNER, CAPTURE, LISTENER)
]
MADE = [replace(role, exists=True, may_act=True) for role in MISSING]
GIVEN = [replace(role, may_grant=False) for role in MADE]
LOGIN = LoginFacts(
    name="till", logs_in=True, inherits=True, is_superuser=False, is_owner=False, is_listener=False, may_connect=True
)


@pytest.mark.parametrize("roles", [MISSING, MADE, GIVEN])
def test_nothing_stands_in_the_way(roles: Sequence[RoleFacts]) -> None:
    assert list(role_refusals(roles, "amel")) == []


@pytest.mark.parametrize(
    ("roles", "to_run"),
    [
        (
            [replace(role, may_grant=False) for role in MISSING],
            (
                "CREATE ROLE wasla_owner; CREATE ROLE wasla_capture; CREATE ROLE wasla_listener; "
                'GRANT wasla_capture TO wasla_owner; GRANT wasla_owner TO "am""el"'
            ),
        ),
        ([*GIVEN[:2], replace(MISSING[2], may_grant=False)], "CREATE ROLE wasla_listener"),
        ([replace(GIVEN[0], may_act=False), *GIVEN[1:]], 'GRANT wasla_owner TO "am""el"'),
        ([GIVEN[0], replace(GIVEN[1], may_act=False), GIVEN[2]], "GRANT wasla_capture TO wasla_owner"),
    ],
)
def test_what_an_administrator_has_to_run(roles: Sequence[RoleFacts], to_run: str) -> None:
    assert list(role_refusals(roles, 'am"el')) == [
        f'role "am""el" may not make or grant the roles; have an administrator run {to_run}'
    ]


def test_a_role_of_ours_that_is_too_mighty() -> None:
    might = "NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS"
    roles = [replace(MADE[0], logs_in=True), replace(MADE[1], is_mighty=True), replace(MADE[2], is_mighty=True)]
    expected = [(OWNER, f"NOLOGIN {might}"), (CAPTURE, f"NOLOGIN {might}"), (LISTENER, might)]
    assert list(role_refusals(roles, "amel")) == [
        f"role {name} can do more than its purpose needs; have an administrator run ALTER ROLE {name} {less}"
        for name, less in expected
    ]


def test_the_listeners_role_may_itself_log_in() -> None:
    assert list(role_refusals([*MADE[:2], replace(MADE[2], logs_in=True)], "amel")) == []


@pytest.mark.parametrize(
    ("login", "sentence"),
    [
        (None, 'expected a role "till", found none; run CREATE ROLE "till" LOGIN PASSWORD \'...\''),
        (
            replace(LOGIN, is_superuser=True),
            'role "till" is a superuser and so may do everything; name one that is for the processes alone',
        ),
        (
            replace(LOGIN, is_owner=True),
            'role "till" may act as wasla_owner and so may do everything; name one that is for the processes alone',
        ),
        (replace(LOGIN, logs_in=False), 'role "till" may not log in; run ALTER ROLE "till" LOGIN'),
        (
            replace(LOGIN, inherits=False),
            'role "till" would not use what it is granted; run ALTER ROLE "till" INHERIT',
        ),
        (
            replace(LOGIN, may_connect=False),
            'role "till" may not connect to this database; grant it CONNECT on the database',
        ),
    ],
)
def test_who_cannot_be_what_the_processes_connect_as(login: LoginFacts | None, sentence: str) -> None:
    assert list(login_refusals(login, "till", MADE, "amel")) == [sentence]


def test_granting_takes_a_right_unless_it_was_done() -> None:
    assert list(login_refusals(LOGIN, "till", MADE, "amel")) == []
    assert list(login_refusals(LOGIN, "till", GIVEN, "amel")) == [
        'role "amel" may not grant wasla_listener; have an administrator run GRANT wasla_listener TO "till"'
    ]
    assert list(login_refusals(replace(LOGIN, is_listener=True), "till", GIVEN, "amel")) == []


def test_a_name_as_sql_writes_it() -> None:
    assert quoted('x"; DROP') == '"x""; DROP"'
