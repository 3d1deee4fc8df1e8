-- The watched tables: columns is a JSON object from column to number, string, boolean or json.
SELECT table_name, channel, internal, key_columns, columns::text AS columns FROM wasla.catalog ORDER BY table_name
