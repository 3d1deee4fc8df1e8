-- Until the transaction ends nothing is found, or made, by an unqualified name.
SELECT pg_catalog.set_config('search_path', '', true), pg_catalog.set_config('client_min_messages', 'warning', true);
