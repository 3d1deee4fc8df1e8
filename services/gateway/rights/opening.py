"""Reads the policy file that the settings name, and says in the log where it does not fit what is watched."""

from __future__ import annotations

from pathlib import Path

import structlog

from services.gateway.rights.misfits import misfits
from services.gateway.rights.policy import Policy
from services.gateway.rights.policy_file import parse
from shared.catalog import Catalog
from shared.errors import ConfigurationError
from shared.settings import variable

log = structlog.get_logger(__name__)

MAX_FILE_BYTES = 1024 * 1024


def read_policy(path: Path | None) -> Policy | None:
    """Return the policy in the file, None without one; raise ConfigurationError in one sentence."""
    if path is None:
        return None
    name = variable("policy")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        text = content.decode("utf-8")
    except OSError as error:
        raise ConfigurationError(f"{name}: {path} cannot be read ({error.strerror}); name a policy file") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{name}: {path}: expected UTF-8, byte {error.start} is not; correct it") from None
    if len(content) > MAX_FILE_BYTES:
        raise ConfigurationError(
            f"{name}: {path}: expected at most {MAX_FILE_BYTES} bytes, got more; name another file"
        )
    try:
        return parse(text)
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {path}: {error}") from None


def tell_misfits(policy: Policy | None, catalog: Catalog | None) -> None:
    """Log each name of the policy that nothing watched has; until the catalogue is known there is nothing to tell."""
    if policy is not None and catalog is not None:
        for sentence in misfits(policy, catalog):
            log.error("the policy does not fit what is watched", reason=sentence)
