-- The tables of the schema wasla. What each is for stands in its comment.

CREATE SCHEMA wasla;
REVOKE ALL ON SCHEMA wasla FROM PUBLIC;
COMMENT ON SCHEMA wasla IS 'Wasla real-time: captures committed changes, numbers them and keeps them for replay';

CREATE TABLE wasla.migration (
    name       text PRIMARY KEY,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE wasla.migration IS 'Which files made this schema, with the SHA-256 of the text that ran last';

CREATE TABLE wasla.outbox (
    xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    stamp       pg_lsn NOT NULL,
    id          pg_lsn NOT NULL DEFAULT pg_current_wal_insert_lsn(),
    captured_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    event_type  text NOT NULL,
    capture     text NOT NULL,
    arguments   text[] NOT NULL,
    row_id      text,
    new_row     jsonb,
    old_row     jsonb,
    origin      text DEFAULT nullif(current_setting('application_name', true), ''),
    PRIMARY KEY (xid, stamp, id)
) WITH (
    -- A queue: rows die as fast as they come.
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0
);
COMMENT ON TABLE wasla.outbox IS
    'Row changes, written by the capture triggers in the writer''s own transaction and moved to event_log by the sequencer';
COMMENT ON COLUMN wasla.outbox.xid IS 'top-level transaction; the index starts with it, so that a drain reads only what can be new';
COMMENT ON COLUMN wasla.outbox.stamp IS
    'where the WAL stood when the statement began: statement triggers fire after all that the statement''s row triggers did';
COMMENT ON COLUMN wasla.outbox.capture IS 'the function that wrote it';
COMMENT ON COLUMN wasla.outbox.arguments IS
    'its trigger''s, as they are, counted from 0: the table''s name on events, its channel, the columns left out, the key columns';
COMMENT ON COLUMN wasla.outbox.row_id IS 'set where there is no row that it could be read from';
COMMENT ON COLUMN wasla.outbox.id IS
    'where the WAL stood: grows with every row, and over a commit that somebody has seen, at no cost to concurrent writers';

CREATE TABLE wasla.event_log (
    seq            bigint NOT NULL,
    tx_id          xid8 NOT NULL,
    tx_index       integer NOT NULL,
    tx_size        integer NOT NULL,
    table_name     text NOT NULL,
    channel        text NOT NULL,
    event_type     text NOT NULL,
    row_id         text,
    data           jsonb,
    changed        text[],
    old            jsonb,
    business_event text,
    captured_at    timestamptz NOT NULL,
    sequenced_at   timestamptz NOT NULL,
    origin         text,
    PRIMARY KEY (seq)
) PARTITION BY RANGE (seq);
COMMENT ON TABLE wasla.event_log IS 'Every event by its number, without a hole; old partitions are dropped';

CREATE TABLE wasla.position (
    one               boolean PRIMARY KEY DEFAULT true CHECK (one),
    install_id        uuid NOT NULL DEFAULT gen_random_uuid(),
    epoch             text,
    seq               bigint NOT NULL DEFAULT 0,
    seen              pg_snapshot,
    place             bigint NOT NULL DEFAULT 0,
    partitioned_until bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 20);
COMMENT ON TABLE wasla.position IS 'One row: where the sequence stands';
COMMENT ON COLUMN wasla.position.seen IS 'snapshot of the last complete look at the outbox; null: look at everything';
COMMENT ON COLUMN wasla.position.place IS 'last place of the backlog that is done';
COMMENT ON COLUMN wasla.position.partitioned_until IS 'partitions of event_log exist below this seq';
INSERT INTO wasla.position DEFAULT VALUES;

CREATE TABLE wasla.backlog (
    place      bigint PRIMARY KEY,
    xid        xid8 NOT NULL,
    size       integer NOT NULL,
    done       integer NOT NULL DEFAULT 0,
    last_stamp pg_lsn NOT NULL DEFAULT '0/0',
    last_id    pg_lsn NOT NULL DEFAULT '0/0'
);
COMMENT ON TABLE wasla.backlog IS
    'Used when more is visible than fits a batch: the transactions of that look, in order, and how far each is done';

CREATE TABLE wasla.capture_failure (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    table_name text NOT NULL,
    reason     text NOT NULL,
    failed_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE wasla.capture_failure IS 'Marks: changes of a table could not be captured, its readers have to reload';

CREATE TABLE wasla.watched (
    relation    regclass PRIMARY KEY,
    table_name  text NOT NULL UNIQUE,
    channel     text NOT NULL,
    capture     text NOT NULL,
    key_columns text[] NOT NULL,
    internal    boolean NOT NULL DEFAULT false,
    watched_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE wasla.watched IS 'The watched tables; internal ones reach only clients that name their channel';

CREATE TABLE wasla.probe (
    machine    text PRIMARY KEY,
    nonce      text NOT NULL,
    touched_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
COMMENT ON TABLE wasla.probe IS 'One row a machine, updated by its monitor: the round trip is measured through the real trigger';
