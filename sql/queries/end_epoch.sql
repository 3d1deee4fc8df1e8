-- Seqs of the present epoch were lost with the history they were of: the next drain begins another epoch.
UPDATE wasla.position SET epoch = NULL
