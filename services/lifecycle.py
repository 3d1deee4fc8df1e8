"""How every process starts, is told to stop, and ends.

``run`` is called by each ``__main__``: it reads the settings, sets up logging, turns SIGTERM and SIGINT into an
:class:`asyncio.Event`, runs the service until it returns, and turns failures into an exit code that supervisord can
act on. An error written for the operator is logged as its sentence; anything else with its traceback. Either way the
process ends and supervisord starts it again: nothing goes on half alive. Nor does a process whose event loop stands
still: :mod:`services.watchdog` ends it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from typing import NoReturn, TypeVar

import structlog
import uvloop

from services.watchdog import watched
from shared.errors import ConfigurationError, WaslaError
from shared.logs import configure
from shared.settings import Settings

EX_FAILURE = 1
EX_CONFIG = 78
"""Exit code of a wrong configuration (``sysexits.h``): the same start would fail again."""

log = structlog.get_logger(__name__)

SettingsT = TypeVar("SettingsT", bound=Settings)


def run(
    name: str,
    settings_type: type[SettingsT],
    service: Callable[[SettingsT, asyncio.Event], Awaitable[None]],
    *,
    is_watched: bool = True,
) -> NoReturn:
    """Run ``service(settings, stop)`` to its end and exit; ``stop`` is set when the process is told to end.

    One that may hold the event loop for long is not to be watched.
    """
    sys.exit(_run(name, settings_type, service, is_watched=is_watched))


@contextmanager
def on_hangup(reload: Callable[[], None]) -> Iterator[None]:
    """Call *reload* whenever this process gets SIGHUP, for the length of the block.

    What it raises for the operator is logged: a process that serves does not end over a file that was written wrongly.
    Where several files are read, see :func:`reload_each`.
    """

    def hear() -> None:
        try:
            reload()
        except WaslaError as error:
            log.error("not all was reloaded, the rest stays as it was", reason=str(error))
        else:
            log.info("reloaded")

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, hear)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


def reload_each(*reloads: Callable[[], None]) -> None:
    """Call each, whatever another raises; then raise one ConfigurationError with all that was wrong."""
    mistakes = []
    for reload in reloads:
        try:
            reload()
        except ConfigurationError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ConfigurationError("; ".join(mistakes))


def process_name(role: str) -> str:
    """Return the name supervisord knows this process by (``group:name``), or ``role:pid`` outside of it."""
    name, group = os.environ.get("SUPERVISOR_PROCESS_NAME"), os.environ.get("SUPERVISOR_GROUP_NAME")
    return f"{group}:{name}" if name and group else f"{role}:{os.getpid()}"


def _run(
    name: str,
    settings_type: type[SettingsT],
    service: Callable[[SettingsT, asyncio.Event], Awaitable[None]],
    *,
    is_watched: bool,
) -> int:
    try:
        settings = settings_type.load()
    except ConfigurationError as error:
        print(f"{name}: {error}", file=sys.stderr)  # noqa: T201 - logging is not configured yet
        return EX_CONFIG
    configure(level=settings.log_level, format=settings.log_format, process=process_name(name))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            watch = watched(process_name(name), settings.watchdog_timeout) if is_watched else nullcontext()
            runner.run(_until_stopped(lambda stop: service(settings, stop), watch))
    except ConfigurationError as error:
        log.error("not started", reason=str(error))
        return EX_CONFIG
    except WaslaError as error:
        log.error("stopped", reason=str(error))
        return EX_FAILURE
    except BaseExceptionGroup as group:
        return _report_group(group)
    except Exception:
        log.exception("stopped by an unforeseen error")
        return EX_FAILURE
    return 0


async def _until_stopped(
    service: Callable[[asyncio.Event], Awaitable[None]], watch: AbstractAsyncContextManager[None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    async with watch:
        await service(stop)


def _report_group(group: BaseExceptionGroup[BaseException]) -> int:
    """Log each sentence of our own errors once, however deep it lies and however many tasks raised it, and any other
    error with its traceback."""
    foreseen, unforeseen = group.split(WaslaError)
    errors = list(_leaves(foreseen)) if foreseen is not None else []
    if unforeseen is not None:
        log.error("stopped by an unforeseen error", exc_info=unforeseen)
    for reason in dict.fromkeys(str(error) for error in errors):
        log.error("stopped", reason=reason)
    configuration = any(isinstance(error, ConfigurationError) for error in errors)
    return EX_CONFIG if configuration and unforeseen is None else EX_FAILURE


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
