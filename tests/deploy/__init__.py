"""Running on servers: the files of docs/deploy, used as they are. A package, so that its fixtures end with it."""
