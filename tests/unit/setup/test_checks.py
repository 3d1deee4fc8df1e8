from __future__ import annotations

from dataclasses import replace

import pytest

from services.setup.checks import Facts, refusals

FIT = Facts(
    server_version=180006,
    in_recovery=False,
    read_only=False,
    role="amel",
    database="louage",
    encoding="UTF8",
    may_create_schema=True,
    public_exists=True,
    may_create_in_public=True,
    schema_exists=False,
    schema_is_ours=False,
    schema_owner=None,
    owns_schema=False,
    has_foreign_self_test=False,
)
INSTALLED = replace(
    FIT, schema_exists=True, schema_is_ours=True, schema_owner="amel", owns_schema=True, may_create_schema=False
)


@pytest.mark.parametrize("facts", [FIT, INSTALLED])
def test_nothing_stands_in_the_way(facts: Facts) -> None:
    assert list(refusals(facts)) == []


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (replace(FIT, server_version=140011), "expected PostgreSQL 15 or later, got 14.11; upgrade the server"),
        (
            replace(FIT, in_recovery=True, read_only=True),
            "expected a server that takes writes, got a replica in recovery; point WASLA_DATABASE_URL at the primary",
        ),
        (
            replace(FIT, read_only=True),
            (
                "expected transactions that may write, got default_transaction_read_only = on; "
                'reset it for database "louage" and role "amel"'
            ),
        ),
        *(
            (
                replace(FIT, encoding=encoding),
                (
                    f"expected a database whose text can be written as UTF-8, got the encoding {encoding} in "
                    "\"louage\"; move its content to a database made with ENCODING 'UTF8'"
                ),
            )
            for encoding in ("SQL_ASCII", "MULE_INTERNAL")
        ),
        (
            replace(FIT, may_create_schema=False),
            (
                'role "amel" may not create a schema in this database; have the database\'s owner run '
                'GRANT CREATE ON DATABASE "louage" TO "amel"'
            ),
        ),
        (
            replace(INSTALLED, schema_is_ours=False),
            "there is a schema wasla that this program did not make; rename it, or install into another database",
        ),
        (
            replace(INSTALLED, schema_owner="wasla_owner", owns_schema=False),
            (
                'schema wasla belongs to role "wasla_owner"; connect as a role that may act as it, or have an '
                'administrator run GRANT "wasla_owner" TO "amel"'
            ),
        ),
        (
            replace(FIT, public_exists=False, may_create_in_public=False),
            "schema public is missing, where test_notifications() is called from; run CREATE SCHEMA public",
        ),
        (
            replace(FIT, may_create_in_public=False, role='a"b'),
            (
                'role "a""b" may not create functions in schema public; have its owner run '
                'GRANT CREATE ON SCHEMA public TO "a""b"'
            ),
        ),
        (
            replace(FIT, has_foreign_self_test=True),
            (
                "there is a function public.test_notifications() that this program did not make, "
                "and it is not replaced; rename it, or run DROP FUNCTION public.test_notifications()"
            ),
        ),
    ],
)
def test_what_is_missing_is_said(facts: Facts, sentence: str) -> None:
    assert list(refusals(facts)) == [sentence]


def test_everything_that_is_missing_is_said_at_once() -> None:
    assert len(list(refusals(replace(FIT, may_create_schema=False, may_create_in_public=False)))) == 2
