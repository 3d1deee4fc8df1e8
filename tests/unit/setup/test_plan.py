from __future__ import annotations

import pytest

from services.setup.plan import Script, compare, in_order, to_run
from shared.errors import DatabaseRefused

TABLES = Script("010_tables", "CREATE TABLE t ();")
COLUMN = Script("020_column", "ALTER TABLE t ADD c int;")
FUNCTIONS = Script("R_010_functions", "CREATE OR REPLACE FUNCTION f() ...")
ALL = [FUNCTIONS, COLUMN, TABLES]


def recorded(*scripts: Script) -> dict[str, str]:
    return {script.name: script.checksum for script in scripts}


def test_versions_run_before_repeatables() -> None:
    assert in_order(ALL) == [TABLES, COLUMN, FUNCTIONS]


def test_a_fresh_database_gets_everything() -> None:
    assert to_run(ALL, {}) == [TABLES, COLUMN, FUNCTIONS]


def test_a_version_runs_once_and_a_repeatable_always() -> None:
    assert to_run(ALL, recorded(TABLES, FUNCTIONS)) == [COLUMN, FUNCTIONS]
    assert to_run(ALL, recorded(*ALL)) == [FUNCTIONS]


def test_an_edited_version_is_refused() -> None:
    edited = Script(TABLES.name, "CREATE TABLE t (c int);")
    with pytest.raises(DatabaseRefused, match="010_tables ran in this database with another text"):
        to_run([edited, COLUMN, FUNCTIONS], recorded(*ALL))


def test_an_edited_repeatable_is_run() -> None:
    edited = Script(FUNCTIONS.name, "another text")
    assert to_run([TABLES, COLUMN, edited], recorded(*ALL)) == [edited]


def test_a_database_of_a_newer_program_is_refused() -> None:
    with pytest.raises(DatabaseRefused, match=r"newer program.*020_column; upgrade this program"):
        to_run([TABLES, FUNCTIONS], recorded(*ALL))


def test_a_repeatable_that_went_away_is_no_obstacle() -> None:
    assert to_run([TABLES, COLUMN], recorded(*ALL)) == []


def test_the_comparison_names_what_is_missing_and_what_differs() -> None:
    edited = Script(FUNCTIONS.name, "another text")
    found = compare([TABLES, COLUMN, edited], recorded(TABLES, FUNCTIONS))
    assert (found.installed, found.pending, found.altered) == (True, ("020_column",), ("R_010_functions",))
    assert not found.current


def test_an_empty_database_is_not_installed() -> None:
    found = compare(ALL, {})
    assert not found.installed
    assert found.pending == ("010_tables", "020_column", "R_010_functions")


def test_nothing_to_do_is_current() -> None:
    assert compare(ALL, recorded(*ALL)).current
