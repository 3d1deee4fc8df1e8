"""Settings: one frozen structure a service, read from ``WASLA_*`` environment variables.

Every service derives its own structure from :class:`Settings` in ``services/<name>/settings.py`` and declares each
field with :func:`setting`, so that ``wasla config`` can print all of them with unit, default, value and origin, and
the README's table can be compared with the code. A value that does not fit ends the start with one sentence.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import ConfigurationError

PREFIX = "WASLA_"


def setting(default: Any, *, unit: str, description: str, **constraints: Any) -> Any:
    """Declare a field: its default, its unit (``s``, ``bytes``, ``events``, ``-`` for none) and what it is for."""
    return Field(default=default, description=description, json_schema_extra={"unit": unit}, **constraints)


def items(text: str | None) -> list[str]:
    """Return what a setting lists, separated by commas."""
    return [item for part in (text or "").split(",") if (item := part.strip())]


class Settings(BaseSettings):
    """What every process needs to know."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=False
    )

    database_url: SecretStr | None = setting(
        None, unit="-", description="PostgreSQL to watch; unset: the embedded server under the data directory"
    )
    data_dir: Path = setting(Path(".wasla"), unit="-", description="where the embedded server and run-time files live")
    heartbeat_address: str = setting(
        "tcp://127.0.0.1:8769", unit="-", description="where this machine's monitor collects heartbeats"
    )
    watchdog_timeout: float = setting(
        2.0,
        unit="s",
        gt=0,
        le=3600,
        description="standstill of a process's event loop after which the process ends itself",
    )
    log_format: Literal["auto", "console", "json"] = setting(
        "auto", unit="-", description="auto: console on a terminal, else JSON lines"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting(
        "INFO", unit="-", description="least severe level that is written"
    )

    @classmethod
    def load(cls) -> Self:
        """Read the environment; raise :exc:`ConfigurationError` naming every variable that does not fit."""
        try:
            return cls()
        except ValidationError as error:
            raise ConfigurationError(_sentence(error)) from None


def variable(field_name: str) -> str:
    """Return the environment variable behind a field."""
    return PREFIX + field_name.upper()


def _sentence(error: ValidationError) -> str:
    """Say for each wrong variable what was expected and what came; secrets are not repeated."""
    parts = []
    for item in error.errors():
        name = variable(str(item["loc"][0])) if item["loc"] else "settings"
        got = "" if "url" in name.lower() or "key" in name.lower() else f", got {item['input']!r}"
        parts.append(f"{name}: {item['msg'][0].lower()}{item['msg'][1:]}{got}")
    return "; ".join(parts)
