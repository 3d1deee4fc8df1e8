"""Verdicts on the database: server, rights, installation, watched tables. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from services.cli.doctor.facts import AlteredCapture, DatabaseFacts, InstallationFacts, LockHolder, ServerFacts
from services.cli.doctor.finding import Finding
from services.cli.doctor.table_verdicts import judge_tables
from services.setup.checks import OLDEST_VERSION, UNFIT_ENCODINGS
from services.setup.role_checks import OWNER

MAX_CLOCK_DIFFERENCE = 1.0
"""Seconds between two clocks from which the shown ages and latencies mislead."""

LEADERSHIP = 2
"""Object of the advisory lock that only one pg-listener holds; object 1 is the doorbell's."""

QUEUE_WARNING = 0.1
QUEUE_PROBLEM = 0.5
"""Shares of the notification queue: past the second, courtesy notifications are skipped; full, commits fail."""


def judge_database(facts: DatabaseFacts) -> Iterator[Finding]:
    """Yield the findings on the database; one it cannot reach leaves nothing else to say."""
    if facts.failure is not None or facts.server is None:
        yield Finding("problem", "database", facts.failure or "nothing is known of it")
        return
    yield Finding("ok", "database", f"{facts.address}, version {_version(facts.server.version)}")
    yield from _server(facts.server)
    if facts.installation is not None:
        yield from _installation(facts.installation, facts.server)


def _server(server: ServerFacts) -> Iterator[Finding]:
    if server.version < OLDEST_VERSION:
        yield Finding(
            "problem", "version", f"expected PostgreSQL 15 or later, got {_version(server.version)}", "upgrade"
        )
    if server.encoding in UNFIT_ENCODINGS:
        yield Finding(
            "problem",
            "encoding",
            f"expected text that can be written as UTF-8, got the encoding {server.encoding}",
            "move the content to a database made with ENCODING 'UTF8'",
        )
    if server.in_recovery:
        yield Finding(
            "problem",
            "replica",
            "this server is in recovery and takes no writes",
            "point WASLA_DATABASE_URL at the primary",
        )
    yield _notifications(server)
    yield _queue(server)
    yield from _prepared_transactions(server)
    yield _clock(server)
    for whose in server.triggers_off_for:
        yield Finding(
            "problem",
            "triggers",
            f"session_replication_role is replica for {whose}: its changes fire no trigger and are not seen",
            "ALTER ROLE ... RESET session_replication_role, or ALTER DATABASE ... where it was set there",
        )
    for holder in server.lock_holders:
        yield _lock_holder(holder)


def _lock_holder(holder: LockHolder) -> Finding:
    who = f"session {holder.pid} ({holder.user}, {holder.application or 'without a name'}), no pg-listener,"
    advice = f"run SELECT pg_terminate_backend({holder.pid}), and have it use other advisory locks than ours"
    if holder.object == LEADERSHIP:
        return Finding("problem", "locks", f"{who} holds the sequencer's lock: no pg-listener can lead", advice)
    return Finding("warning", "locks", f"{who} holds the doorbell's lock: the listener polls without a rest", advice)


def _notifications(server: ServerFacts) -> Finding:
    if server.notifications_arrive:
        return Finding("ok", "notifications", "LISTEN delivers")
    return Finding(
        "problem",
        "notifications",
        "LISTEN was accepted and delivers nothing, as behind a transaction pooler; the listener polls instead",
        "give WASLA_DATABASE_URL the server's own address, or a pooler in session mode",
    )


def _queue(server: ServerFacts) -> Finding:
    used = f"the notification queue is {server.notification_queue_usage:.0%} full"
    advice = "find the LISTENing session that stays in a transaction (pg_stat_activity) and end it"
    if server.notification_queue_usage >= QUEUE_PROBLEM:
        return Finding(
            "problem", "notifications", f"{used}: public channels are skipped, and when it is full commits fail", advice
        )
    if server.notification_queue_usage >= QUEUE_WARNING:
        return Finding("warning", "notifications", used, advice)
    return Finding("ok", "notifications", used)


def _prepared_transactions(server: ServerFacts) -> Iterator[Finding]:
    if server.max_prepared_transactions > 0:
        yield Finding(
            "note",
            "two-phase commit",
            f"max_prepared_transactions is {server.max_prepared_transactions}: writers do not ring, the listener polls",
            "set it to 0 unless PREPARE TRANSACTION is used",
        )


def _clock(server: ServerFacts) -> Finding:
    ahead = server.clock_ahead
    # The database took its stamp somewhere inside the round trip, so no difference below its half can be told.
    if abs(ahead) - server.round_trip / 2 <= MAX_CLOCK_DIFFERENCE:
        return Finding("ok", "clock", "the database and this machine agree")
    direction = "ahead of" if ahead > 0 else "behind"
    return Finding(
        "warning",
        "clock",
        f"the database's clock is {abs(ahead):.1f} s {direction} this machine's, so ages and latencies mislead",
        "synchronise both (chrony, systemd-timesyncd)",
    )


def _installation(installation: InstallationFacts, server: ServerFacts) -> Iterator[Finding]:
    if installation.unreadable is not None:
        yield Finding(
            "problem",
            "schema wasla",
            f"{server.user} cannot read it ({installation.unreadable})",
            f"run wasla setup --listener {server.user}, or connect as its owner",
        )
    elif not installation.installed:
        yield from _not_installed(server)
    elif installation.missing:
        names = ", ".join(f"wasla.{name}" for name in installation.missing)
        yield Finding(
            "problem",
            "schema wasla",
            f"incomplete: {names} is missing, and what is changed meanwhile is not captured",
            "run wasla remove, then wasla setup and wasla watch for each table; clients reload by themselves",
        )
    elif installation.pending or installation.altered:
        names = ", ".join((*installation.pending, *installation.altered))
        yield Finding(
            "problem", "schema wasla", f"older than this program (not as shipped: {names})", "run wasla setup"
        )
    else:
        yield Finding("ok", "schema wasla", "installed and current")
    if installation.installed and installation.unreadable is None and not installation.missing:
        yield from judge_tables(installation)
        for cast in installation.foreign_casts:
            yield Finding("problem", cast.table, cast.sentence, cast.advice)
        for capture in installation.altered_captures:
            yield _altered_capture(capture)
        yield from _rights(installation, server)


def _altered_capture(capture: AlteredCapture) -> Finding:
    wrong = [] if capture.is_in_schema else ["is not in schema wasla"]
    if not capture.is_definer:
        wrong.append("runs with the rights of whoever writes")
    if not capture.is_pinned:
        wrong.append("has other settings")
    if not capture.is_rightly_owned:
        wrong.append(f"belongs to role {capture.owner}")
    again = "run wasla setup" if capture.is_in_schema else "run wasla setup, then wasla watch for each watched table"
    sentence = f"{capture.function} is not as it was installed, somebody changed it: it {' and '.join(wrong)}"
    return Finding("problem", "capture", sentence, f"{again}; then look for casts to json of column types")


def _rights(installation: InstallationFacts, server: ServerFacts) -> Iterator[Finding]:
    if installation.has_least_rights and not installation.may_act_as_owner:
        yield Finding("ok", "rights", f"{server.user} may do what the processes need, and nothing else")
    elif installation.has_least_rights or server.is_superuser:
        what = "is a superuser" if server.is_superuser else f"may act as {OWNER}"
        yield Finding(
            "note",
            "rights",
            f"{server.user} {what}; the processes need far less",
            "run wasla setup --listener ROLE, and have WASLA_DATABASE_URL of the processes name that role",
        )


def _not_installed(server: ServerFacts) -> Iterator[Finding]:
    yield Finding("problem", "schema wasla", "not installed", "run wasla setup")
    if not server.may_create_schema:
        yield Finding(
            "problem",
            "rights",
            f"{server.user} may not create a schema in this database",
            f'have its owner run GRANT CREATE ON DATABASE ... TO "{server.user}"',
        )


def _version(number: int) -> str:
    return f"{number // 10000}.{number % 10000}"
