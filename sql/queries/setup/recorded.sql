-- What ran in this database: file name and the checksum of its text.
SELECT name, checksum FROM wasla.migration;
