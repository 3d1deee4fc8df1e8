"""What must hold before anything is installed, and the sentences for what does not. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.setup.role_checks import quoted

OLDEST_VERSION = 150000

UNFIT_ENCODINGS = frozenset({"SQL_ASCII", "MULE_INTERNAL"})
"""Encodings without a way to UTF-8, in which events are written: the first checks nothing, the second has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What ``setup_facts`` saw; ``has_foreign_self_test``: the user has their own ``public.test_notifications()``."""

    server_version: int
    in_recovery: bool
    read_only: bool
    role: str
    database: str
    encoding: str
    may_create_schema: bool
    public_exists: bool
    may_create_in_public: bool
    schema_exists: bool
    schema_is_ours: bool
    schema_owner: str | None
    owns_schema: bool
    has_foreign_self_test: bool


def refusals(facts: Facts) -> Iterator[str]:
    """Yield a sentence for each reason not to install; none means that an install may begin."""
    if facts.server_version < OLDEST_VERSION:
        major, minor = divmod(facts.server_version, 10000)
        yield f"expected PostgreSQL 15 or later, got {major}.{minor}; upgrade the server"
    if facts.encoding in UNFIT_ENCODINGS:
        yield (
            f"expected a database whose text can be written as UTF-8, got the encoding {facts.encoding} in "
            f"{quoted(facts.database)}; move its content to a database made with ENCODING 'UTF8'"
        )
    yield from _writability(facts)
    yield from _schema(facts)
    yield from _public(facts)


def _writability(facts: Facts) -> Iterator[str]:
    if facts.in_recovery:
        yield "expected a server that takes writes, got a replica in recovery; point WASLA_DATABASE_URL at the primary"
    elif facts.read_only:
        yield (
            "expected transactions that may write, got default_transaction_read_only = on; "
            f"reset it for database {quoted(facts.database)} and role {quoted(facts.role)}"
        )


def _schema(facts: Facts) -> Iterator[str]:
    if not facts.schema_exists:
        if not facts.may_create_schema:
            yield (
                f"role {quoted(facts.role)} may not create a schema in this database; have the database's owner run "
                f"GRANT CREATE ON DATABASE {quoted(facts.database)} TO {quoted(facts.role)}"
            )
    elif not facts.schema_is_ours:
        yield "there is a schema wasla that this program did not make; rename it, or install into another database"
    elif not facts.owns_schema:
        owner = quoted(facts.schema_owner or "")
        yield (
            f"schema wasla belongs to role {owner}; connect as a role that may act as it, or have an administrator run "
            f"GRANT {owner} TO {quoted(facts.role)}"
        )


def _public(facts: Facts) -> Iterator[str]:
    if not facts.public_exists:
        yield "schema public is missing, where test_notifications() is called from; run CREATE SCHEMA public"
    elif not facts.may_create_in_public:
        yield (
            f"role {quoted(facts.role)} may not create functions in schema public; have its owner run "
            f"GRANT CREATE ON SCHEMA public TO {quoted(facts.role)}"
        )
    elif facts.has_foreign_self_test:
        yield (
            "there is a function public.test_notifications() that this program did not make, and it is not replaced; "
            "rename it, or run DROP FUNCTION public.test_notifications()"
        )
