-- The roles that least rights need, and what the present one may do about them; a row each.
SELECT
    needed.name,
    r.oid IS NOT NULL AS "exists",
    coalesce(r.rolcanlogin, false) AS logs_in,
    coalesce(r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls, false) AS is_mighty,
    coalesce(pg_has_role(r.oid, 'USAGE') AND pg_has_role(r.oid, acting.kind), false) AS may_act,
    me.rolsuper OR coalesce(
        pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION') OR me.rolcreaterole AND acting.kind = 'MEMBER', me.rolcreaterole) AS may_grant
FROM (VALUES (1, 'wasla_owner'), (2, 'wasla_capture'), (3, 'wasla_listener')) AS needed (place, name)
-- Up to version 15 who may create roles may grant any; from 16 on being a member and acting as the role are two things.
CROSS JOIN (SELECT CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) AS acting (kind)
JOIN pg_roles AS me ON me.rolname = current_user
LEFT JOIN pg_roles AS r ON r.rolname = needed.name
ORDER BY needed.place;
