-- Where unqualified names are looked for.
SELECT pg_catalog.current_setting('search_path')
