-- What a start that was killed may have left.
DROP DATABASE IF EXISTS wasla_unfinished;
