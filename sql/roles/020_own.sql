-- Whatever is in the schema belongs to wasla_owner, but for the capture functions: what those run is partly others' code
-- (a cast to json of a column's type), so they belong to a role that can add to the outbox and little else.

DO $$
DECLARE
    object record;
    is_lent boolean;
BEGIN
    IF (SELECT nspowner FROM pg_namespace WHERE nspname = 'wasla') <> 'wasla_owner'::regrole THEN
        ALTER SCHEMA wasla OWNER TO wasla_owner;
    END IF;

    FOR object IN SELECT p.oid::regprocedure AS name, wanted.owner FROM pg_proc p
                  CROSS JOIN LATERAL (SELECT CASE WHEN p.prorettype = 'trigger'::regtype AND p.proname LIKE 'notify\_%'
                                                  THEN 'wasla_capture' ELSE 'wasla_owner' END AS owner) wanted
                  WHERE p.pronamespace = 'wasla'::regnamespace AND p.proowner <> wanted.owner::regrole
    LOOP
        -- Who is given a function must be able to make one there, at that moment; the next file takes it back.
        GRANT CREATE ON SCHEMA wasla TO wasla_capture;
        EXECUTE format('ALTER ROUTINE %s OWNER TO %I', object.name, object.owner);
    END LOOP;

    -- In public that is for its owner to lend. Where it is not ours to lend, the self-test stays with whoever made it.
    IF EXISTS (SELECT FROM pg_proc WHERE oid = 'public.test_notifications()'::regprocedure
               AND proowner <> 'wasla_owner'::regrole AND pg_has_role(proowner, 'USAGE')) THEN
        is_lent := NOT has_schema_privilege('wasla_owner', 'public', 'CREATE');
        IF is_lent AND (SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'public') THEN
            GRANT CREATE ON SCHEMA public TO wasla_owner;
        END IF;
        IF has_schema_privilege('wasla_owner', 'public', 'CREATE') THEN
            ALTER FUNCTION public.test_notifications() OWNER TO wasla_owner;
            IF is_lent THEN
                REVOKE CREATE ON SCHEMA public FROM wasla_owner;
            END IF;
        END IF;
    END IF;
END $$;

-- The tables come last, as each is locked against everybody until the transaction ends.
DO $$
DECLARE
    object record;
    -- Tables that this very transaction made are nobody else's yet.
    is_in_use constant boolean := EXISTS (SELECT FROM wasla.migration WHERE applied_at < now())
        AND (SELECT relowner FROM pg_class WHERE oid = 'wasla.outbox'::regclass) <> 'wasla_owner'::regrole;
BEGIN
    IF is_in_use THEN
        -- Behind the sequencer, and never for as long as a deadlock takes to be seen.
        PERFORM set_config('lock_timeout', '500ms', true);
    END IF;
    -- Views, too, go by ALTER TABLE; a sequence goes with its column. The position first, as the sequencer has it: whoever
    -- holds it meets no half-done drain. The outbox, into which every sale writes, late.
    FOR object IN SELECT c.oid::regclass AS name, c.relname FROM pg_class c
                  WHERE c.relnamespace = 'wasla'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
                    AND c.relowner <> 'wasla_owner'::regrole
                  ORDER BY CASE c.relname WHEN 'position' THEN 1 WHEN 'outbox' THEN 3 WHEN 'capture_failure' THEN 4 ELSE 2 END
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO wasla_owner', object.name);
        -- Captures wait for 250 ms, and behind whoever waits before them: so shorter than that, until the transaction ends.
        IF is_in_use THEN
            PERFORM set_config('lock_timeout', '100ms', true);
        END IF;
    END LOOP;
END $$;
