"""Installs the database half: the schema ``wasla``, its triggers, the station's demo tables. Removes it, too.

Everything here works on an open asyncpg connection and does what it does in one transaction, so that a failure leaves
the database as it was. What cannot be done is said in a sentence, as DatabaseRefused. Order of use: :func:`install`,
then :func:`watch` for each table; :func:`inspect` tells what is there without changing it.
"""

from __future__ import annotations

from services.setup.installation import inspect, install, remove, self_test_owner
from services.setup.plan import Installation, InstallReport
from services.setup.role_checks import LeastRights
from services.setup.station import install_station
from services.setup.watching import unwatch, watch

__all__ = [
    "InstallReport",
    "Installation",
    "LeastRights",
    "inspect",
    "install",
    "install_station",
    "remove",
    "self_test_owner",
    "unwatch",
    "watch",
]
