-- What clients were let in by and no longer are.

CREATE TABLE wasla.revocation (
    kind       text NOT NULL CHECK (kind IN ('user', 'token')),
    value      text NOT NULL CHECK (value <> ''),
    revoked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    until      timestamptz,
    PRIMARY KEY (kind, value)
);
COMMENT ON TABLE wasla.revocation IS
    'Tokens taken back: one by its id (jti), or all that a user (sub) was issued until then';
COMMENT ON COLUMN wasla.revocation.until IS 'when the token would have ended by itself, and the row has no use any more; null: never';
