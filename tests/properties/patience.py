"""What Hypothesis is not to judge: how long an example takes on a machine that others use, too."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def be_patient() -> None:
    """Have no example fail for the time it took, whatever else the profile in force says."""
    settings.register_profile("patient", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("patient")
