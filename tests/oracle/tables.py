"""The tables the oracle writes, and the statements that write them. Each statement says which rows it changed.

``queue`` renumbers itself by a row trigger: what that changes, the writers do not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Row = dict[str, Any]
Key = tuple[Any, ...]

SCHEMA: Final = """
CREATE TABLE oracle_ledger (number bigint PRIMARY KEY, xid xid8 NOT NULL);
CREATE TABLE accounts (id integer PRIMARY KEY, owner text NOT NULL, balance integer NOT NULL, vip boolean NOT NULL,
                       note text);
CREATE TABLE orders (id text PRIMARY KEY, account integer NOT NULL, state text NOT NULL, amount numeric(12, 2) NOT NULL,
                     payload jsonb);
CREATE TABLE lines (order_id text, n integer, item text NOT NULL, PRIMARY KEY (order_id, n));
CREATE TABLE readings (id integer PRIMARY KEY, sensor integer NOT NULL, value double precision) PARTITION BY RANGE (id);
CREATE TABLE readings_low PARTITION OF readings FOR VALUES FROM (MINVALUE) TO (5000);
CREATE TABLE readings_high PARTITION OF readings FOR VALUES FROM (5000) TO (MAXVALUE);
CREATE TABLE queue (id integer PRIMARY KEY, lane integer NOT NULL, place integer NOT NULL);
CREATE FUNCTION renumber() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF tg_op = 'INSERT' THEN
        -- Of several rows that one statement inserts, this changes some before the statement itself is captured.
        UPDATE queue SET place = place + 1 WHERE lane = NEW.lane AND place >= NEW.place AND id <> NEW.id;
    ELSE
        UPDATE queue SET place = place - 1 WHERE lane = OLD.lane AND place > OLD.place;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER renumber AFTER INSERT OR DELETE ON queue FOR EACH ROW EXECUTE FUNCTION renumber();
SELECT wasla.watch('accounts', 'account_events');
SELECT wasla.watch('orders', 'order_events');
SELECT wasla.watch('lines', 'order_events');
SELECT wasla.watch('readings');
SELECT wasla.watch('queue', 'queue_events');
"""

START: Final = 246_000
"""The seq the log begins behind: one flood leads over the border of its partitions, so that real ones are dropped."""

BEGIN_AT: Final = f"UPDATE wasla.position SET seq = {START}"

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "accounts": ("id",),
    "orders": ("id",),
    "lines": ("order_id", "n"),
    "readings": ("id",),
    "queue": ("id",),
}
CHANNELS: Final[Mapping[str, str]] = {
    "accounts": "account_events",
    "orders": "order_events",
    "lines": "order_events",
    "readings": "readings_events",
    "queue": "queue_events",
}
RENUMBERED: Final = "queue"
"""The table whose trigger changes more rows than the statement did."""

MATCH: Final[Mapping[str, str]] = {
    "accounts": "t.id = k",
    "orders": "t.id = 'o' || k",
    "lines": "t.order_id = 'o' || k / 4 AND t.n = k % 4",
    "readings": "t.id = k",
    "queue": "t.id = k",
}
_VALUES: Final[Mapping[str, str]] = {
    "accounts": "k, 'w' || (k * 7 + $2) % 5, (k * 13 + $2) % 100, (k + $2) % 2 = 0, "
    "CASE WHEN (k + $2) % 3 > 0 THEN repeat('n', ((k + $2) % 40)::integer) END",
    "orders": "'o' || k, (k * 3 + $2) % 50, "
    "(ARRAY['NEW', 'PAID', 'SENT'])[(k + $2) % 3 + 1], (k * 37 + $2) % 9999 / 7.0, "
    "CASE WHEN (k + $2) % 4 > 0 THEN jsonb_build_object('k', k, 'é\"\\', repeat('x', ($2 % 9)::integer * 20)) END",
    "lines": "'o' || k / 4, k % 4, 'item ' || (k + $2) % 30",
    "readings": "k, (k + $2) % 20, CASE WHEN (k + $2) % 5 > 0 THEN ((k * 31 + $2) % 1000) / 3.0 END",
    "queue": "k, k % 3, (k * 7 + $2) % 40",
}
_CHANGES: Final[Mapping[str, str]] = {
    "accounts": "balance = (t.balance + $2 % 50) % 100, vip = NOT t.vip, "
    "note = CASE WHEN $2 % 3 > 0 THEN left(t.note || $2, 60) END",
    "orders": "state = (ARRAY['NEW', 'PAID', 'SENT'])[($2 + t.account) % 3 + 1], amount = t.amount + $2 % 11, "
    "payload = CASE WHEN $2 % 2 = 0 THEN t.payload END",
    "lines": "item = 'item ' || $2 % 30",
    "readings": "value = $2 / 7.0, sensor = ($2 % 20)::integer",
    "queue": "place = ($2 % 40)::integer",
}

_KEYS_OF: Final = "(SELECT DISTINCT k FROM unnest($1::integer[]) k)"


def lock_rows(table: str) -> str:
    """Select, lock and return the rows of the keys $1, in the order of the keys, as JSON with the number of each."""
    return (
        f"SELECT k, to_jsonb(t)::text FROM {_KEYS_OF} keys JOIN {table} t ON {MATCH[table]} ORDER BY k FOR UPDATE OF t"
    )


def insert_rows(table: str) -> str:
    """Insert the keys $1, with values after $2, that are not there yet; return what was inserted."""
    return (
        f"INSERT INTO {table} AS t SELECT {_VALUES[table]} FROM {_KEYS_OF} keys, (SELECT $2::bigint) salt "
        "ORDER BY k ON CONFLICT DO NOTHING RETURNING to_jsonb(t)::text"
    )


def update_rows(table: str) -> str:
    """Update the keys $1 after $2; return each key with its new row."""
    return (
        f"UPDATE {table} t SET {_CHANGES[table].replace('$2', '$2::bigint')} FROM {_KEYS_OF} keys "
        f"WHERE {MATCH[table]} RETURNING k, to_jsonb(t)::text"
    )


def delete_rows(table: str) -> str:
    """Delete the keys $1; return each key."""
    return f"DELETE FROM {table} t USING {_KEYS_OF} keys WHERE {MATCH[table]} RETURNING k"


REKEY: Final = (
    f"UPDATE readings t SET id = (t.id + 5000) % 10000 FROM {_KEYS_OF} keys WHERE t.id = k "
    "RETURNING k, to_jsonb(t)::text"
)
"""Give the readings $1 other keys, in the other partition."""

LEDGER: Final = "INSERT INTO oracle_ledger VALUES ($1, pg_current_xact_id())"


def key_of(table: str, row: Mapping[str, Any]) -> Key:
    """Return a row's key."""
    return tuple(row[column] for column in KEYS[table])
