-- Taking tokens back. The listeners are told at once and tell the gateways.

CREATE OR REPLACE FUNCTION wasla.revoke(kind text, value text, until timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A token is good for a while after its end: up to 300 s for clocks that differ.
    DELETE FROM wasla.revocation r WHERE r.until < now() - interval '10 minutes';
    INSERT INTO wasla.revocation AS r (kind, value, until)
    VALUES (revoke.kind, revoke.value, revoke.until)
    ON CONFLICT ON CONSTRAINT revocation_pkey
        DO UPDATE SET revoked_at = excluded.revoked_at, until = excluded.until;
    PERFORM pg_notify('wasla_wake', 'revoked');
END $$;
COMMENT ON FUNCTION wasla.revoke(text, text, timestamptz) IS
    'Takes back one token (kind ''token'', its jti), or all that a user was issued so far (kind ''user'', the sub)';

CREATE OR REPLACE FUNCTION wasla.unrevoke(kind text, value text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was_revoked boolean;
BEGIN
    DELETE FROM wasla.revocation r WHERE r.kind = unrevoke.kind AND r.value = unrevoke.value;
    was_revoked := FOUND;
    PERFORM pg_notify('wasla_wake', 'revoked');
    RETURN was_revoked;
END $$;
COMMENT ON FUNCTION wasla.unrevoke(text, text) IS 'Lets what was revoked hold again; tells whether it was';
