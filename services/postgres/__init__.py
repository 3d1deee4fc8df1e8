"""The embedded PostgreSQL server: found, initialised, brought up to date and then started in this process's place.

Used where no ``WASLA_DATABASE_URL`` is set. ``python -m services.postgres`` prepares and ends by ``exec``: what
supervisord watches afterwards is PostgreSQL itself. Everything lives under ``<data_dir>/postgres``::

    url                  address for asyncpg and psql (0600): what every process reads
    superuser_password   password of the role postgres (0600)
    wasla_password       password of the role wasla (0600)
    lock                 held by the launcher and by its server for as long as either lives
    data/                the cluster (PGDATA); data.new/ until initdb has finished
    socket/              the server's only door (0700), or a link to one under /tmp where the path would be too long
    binaries/            a copy of the packaged server, only where its account cannot read the original
    elsewhere            a link to the directory of data, socket and binaries, only for root where the server's
                         account cannot reach this one (a project below /root)

Any of it may be interrupted at any moment: each step is either atomic (a rename) or done anew at the next start.
"""
