CREATE DATABASE wasla_unfinished OWNER wasla;
