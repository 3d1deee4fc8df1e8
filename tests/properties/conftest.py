"""Properties hold however slow the machine is."""

from __future__ import annotations

from tests.properties.patience import be_patient

be_patient()
