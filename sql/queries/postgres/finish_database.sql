-- From here on it counts.
ALTER DATABASE wasla_unfinished RENAME TO wasla;
