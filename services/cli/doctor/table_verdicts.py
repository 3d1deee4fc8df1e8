"""Verdicts on the watched tables and on triggers where none belong. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from services.cli.doctor.facts import DriftedTable, InstallationFacts, WatchedTable
from services.cli.doctor.finding import Finding


def judge_tables(installation: InstallationFacts) -> Iterator[Finding]:
    """Yield the findings on the tables; where none ails they are named in one line."""
    if not installation.watched:
        yield Finding("warning", "tables", "no table is watched", "run wasla watch TABLE")
    ailing = [finding for table in installation.watched for finding in _table(table)]
    ailing += [finding for table in installation.drifted for finding in _drifted(table)]
    yield from ailing
    if installation.watched and not ailing:
        yield Finding("ok", "tables", f"watched: {', '.join(table.table for table in installation.watched)}")
    for relation in installation.stray:
        yield Finding(
            "warning",
            relation,
            "not watched, but triggers of wasla fire for it (a detached partition?), and its changes are announced",
            f"run wasla unwatch {relation}",
        )


def _table(table: WatchedTable) -> Iterator[Finding]:
    again = f"run wasla watch {table.table}"
    if not table.exists:
        yield Finding("warning", table.table, "watched, but the table is gone", f"run wasla unwatch {table.table}")
        return
    if table.missing_triggers:
        yield Finding("problem", table.table, f"triggers are missing: {', '.join(table.missing_triggers)}", again)
    if table.disabled_triggers:
        names = ", ".join(table.disabled_triggers)
        yield Finding("problem", table.table, f"triggers are disabled: {names}", "run ALTER TABLE ... ENABLE TRIGGER")
    if table.unwatched_partitions:
        names = ", ".join(table.unwatched_partitions)
        yield Finding("problem", table.table, f"writes named at these partitions are not seen: {names}", again)


def _drifted(table: DriftedTable) -> Iterator[Finding]:
    again = f"run wasla watch {table.relation} --channel {table.channel} --capture {table.capture}"
    if table.name_now != table.table:
        yield Finding("problem", table.table, f"renamed to {table.name_now}, and announced by its former name", again)
    if table.key_now is None:
        yield Finding("problem", table.table, "its key is gone, so events carry no id", "add a primary key")
    elif table.key_now != table.key_columns:
        then, now = ", ".join(table.key_columns), ", ".join(table.key_now)
        yield Finding("problem", table.table, f"its key is ({now}) now, and ids are made of ({then})", again)
