"""The database that a command is pointed at: tables to watch, and what became of it."""

from __future__ import annotations

import asyncpg

TABLES = """
CREATE SCHEMA audit;
CREATE TABLE tickets (id int PRIMARY KEY, note text);
CREATE TABLE audit.entries (id int PRIMARY KEY);
CREATE TABLE keyless (note text);
"""


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def watched(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url)
    try:
        return dict(await connection.fetch("SELECT table_name, channel FROM wasla.watched WHERE NOT internal"))
    finally:
        await connection.close()


async def schema_exists(url: str) -> bool:
    connection = await asyncpg.connect(url)
    try:
        return bool(await connection.fetchval("SELECT to_regnamespace('wasla') IS NOT NULL"))
    finally:
        await connection.close()
