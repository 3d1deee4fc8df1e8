-- The roles, made where they are missing; none of them logs in. A role belongs to the whole server: other databases with
-- this schema share it. What was made here is known by its comment, which a removal looks for.

DO $$
DECLARE
    role record;
BEGIN
    FOR role IN SELECT * FROM (VALUES
        ('wasla_owner', 'owns the schema wasla, and what its functions do is done as this role'),
        ('wasla_capture', 'what the capture triggers run as: may add to the outbox, and no more'),
        ('wasla_listener', 'what the processes need; granted to the role that they connect as')) AS needed (name, purpose)
    LOOP
        IF to_regrole(role.name) IS NULL THEN
            EXECUTE format('CREATE ROLE %I', role.name);
            EXECUTE format('COMMENT ON ROLE %I IS %L', role.name, 'Wasla real-time: ' || role.purpose);
        END IF;
    END LOOP;
END $$;

DO $$
DECLARE
    -- Up to version 15 there is one kind of membership, later the creator of a role is not one of those who may act as it.
    is_chosen constant boolean := current_setting('server_version_num')::int >= 160000;
    kind constant text := CASE WHEN is_chosen THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END;
    acting constant text := CASE WHEN is_chosen THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    IF NOT (pg_has_role('wasla_owner', 'wasla_capture', 'USAGE') AND pg_has_role('wasla_owner', 'wasla_capture', acting)) THEN
        EXECUTE 'GRANT wasla_capture TO wasla_owner' || kind;
    END IF;
    IF NOT (pg_has_role('wasla_owner', 'USAGE') AND pg_has_role('wasla_owner', acting)) THEN
        EXECUTE 'GRANT wasla_owner TO CURRENT_USER' || kind;
    END IF;
END $$;
