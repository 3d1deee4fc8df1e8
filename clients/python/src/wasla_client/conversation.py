"""What is said on a link, from ``register`` on: positions, subscriptions, heartbeat, the messages' meaning.

It outlives its links: what a link must be told, and where the stream stands, is kept from one to the next. A ``Close``
among its effects means that the link is to be left; the session adds the next dial.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Literal

from wasla_client import messages
from wasla_client.effects import (
    Answer,
    Close,
    Data,
    Effect,
    HandCustomEvent,
    HandEvent,
    Notice,
    Refused,
    Registered,
    Send,
    TellResync,
    TokenWanted,
)
from wasla_client.heartbeat import DEFAULT_INTERVAL, Heartbeat
from wasla_client.interests import Interests
from wasla_client.positions import Position, Standing, as_resume

REGISTER_TIMEOUT: Final = 2 * DEFAULT_INTERVAL
"""Seconds without a word after which a link that is not registered is left."""


class Conversation:
    """The conversations of one client, one link after the other. Times are monotonic seconds.

    ``registered_at`` is None until the present link is registered; ``database`` and ``latency_ms`` are the present
    link's, too.
    """

    def __init__(self, app_name: str, position: Position | None, max_queued: int) -> None:
        self._app_name = app_name
        self._max_queued = max_queued
        self._standing = Standing(position)
        self._interests = Interests()
        self._queued: deque[Data] = deque()
        self._token: str | None = None
        self._heard_at = 0.0
        self._heartbeat = Heartbeat(0.0, None)
        self.registered_at: float | None = None
        self.database: Literal["up", "down"] | None = None
        self.latency_ms: float | None = None
        self.last_event_at: float | None = None

    @property
    def position(self) -> Position | None:
        """Everything up to here was handed over."""
        return self._standing.position

    @property
    def tick_at(self) -> float | None:
        """When to look again."""
        return self._heard_at + REGISTER_TIMEOUT if self.registered_at is None else self._heartbeat.tick_at

    # --- the link -------------------------------------------------------------------------------------------------

    def begin(self, token: str | None, now: float) -> list[Effect]:
        """A link is open: register."""
        self._token = token
        self._heard_at = now
        return [self._register(self._interests.for_register())]

    def end(self) -> None:
        """The link is over."""
        self.registered_at = None
        self.database = None
        self.latency_ms = None

    def tick(self, now: float) -> list[Effect]:
        """Time has passed."""
        if self.registered_at is None:
            return [Close(4004)] if now >= self._heard_at + REGISTER_TIMEOUT else []
        if self._heartbeat.is_dead(now):
            return [Close(4004)]
        return [_ping(self._heartbeat.ping(now))] if self._heartbeat.is_due(now) else []

    def wake(self, now: float) -> list[Effect]:
        """Ask whether the link lives."""
        return [] if self.registered_at is None else [_ping(self._heartbeat.probe(now))]

    def hold(self) -> None:
        """Nothing is read for a while."""
        self._heartbeat.hold()

    def release(self, now: float) -> None:
        """Reading goes on."""
        self._heartbeat.release(now)

    # --- what the application asks for ----------------------------------------------------------------------------

    def subscribe(self, subscription: Mapping[str, Any]) -> list[Effect]:
        """Ask for events, on this link and on every later one."""
        self._interests.add(subscription)
        return [] if self.registered_at is None else [Send("subscribe", dict(subscription))]

    def unsubscribe(self, identifier: str) -> list[Effect]:
        """Ask no longer."""
        was_there = self._interests.remove(identifier)
        return [Send("unsubscribe", {"id": identifier})] if was_there and self.registered_at is not None else []

    def broadcast(self, data: Mapping[str, Any], *, queue: bool) -> list[Effect]:
        """Tell other clients something, now or with the next link."""
        if not queue or self.registered_at is not None:
            return self.ask("broadcast", data)
        if len(self._queued) >= self._max_queued:
            return [Refused("queue_full")]
        self._queued.append(dict(data))
        return []

    def ask(self, message_type: str, data: Mapping[str, Any]) -> list[Effect]:
        """Send what needs a link."""
        return [Refused("not_connected")] if self.registered_at is None else [Send(message_type, dict(data))]

    def offer_token(self, token: str) -> list[Effect]:
        """A fresh token is there."""
        return [] if self.registered_at is None else [Send("token", {"token": token})]

    # --- what the gateway says ------------------------------------------------------------------------------------

    def read(self, text: str | bytes, now: float) -> list[Effect]:
        """A text frame came."""
        self._heard_at = now
        self._heartbeat.heard(now)
        try:
            message_type, data = messages.decode(text)
        except messages.Malformed as error:
            return [Notice({"code": "malformed_message", "reason": str(error)})]
        handler = self._HANDLERS.get(message_type)
        return [] if handler is None else handler(self, message_type, data, now)

    def _on_registered(self, _: str, data: Data, now: float) -> list[Effect]:
        if self.registered_at is not None:
            return []
        self.registered_at = now
        self._heartbeat = Heartbeat(now, data.get("ping_interval"))
        self._standing.registered(data["epoch"], data["seq"])
        waiting, self._queued = self._queued, deque()
        sends = [*self._interests.changes(), *(Send("broadcast", item) for item in waiting)]
        return [*sends, _ping(self._heartbeat.ping(now)), Registered(data)]

    def _on_event(self, _: str, data: Data, now: float) -> list[Effect]:
        if self._standing.is_repeated(data["seq"]):
            return []
        self._standing.reached(self._standing.epoch, data["seq"])
        self.last_event_at = now
        return [HandEvent(data, self._standing.epoch)]

    def _on_position(self, _: str, data: Data, _now: float) -> list[Effect]:
        self._standing.reached(data["epoch"], data["seq"])
        return []

    def _on_resync(self, _: str, data: Data, _now: float) -> list[Effect]:
        self._standing.replaced(data["epoch"], data["seq"])
        return [TellResync(data)]

    def _on_status(self, _: str, data: Data, _now: float) -> list[Effect]:
        if data.get("database") in ("up", "down"):
            self.database = data["database"]
        return []

    def _on_pong(self, _: str, data: Data, now: float) -> list[Effect]:
        took = self._heartbeat.pong(data.get("n"), now)
        if took is not None:
            self.latency_ms = took * 1000.0
        return []

    def _on_error(self, _: str, data: Data, _now: float) -> list[Effect]:
        if data.get("in_reply_to") == "subscribe" and isinstance(data.get("id"), str):
            self._interests.remove(data["id"])
        is_refused = data.get("in_reply_to") == "register" and self.registered_at is None
        if not is_refused or data.get("code") == "unauthorized":  # then the gateway closes, and its code decides
            return [Notice(data)]
        if self._interests.withhold():
            return [Notice(data), self._register([])]
        return [Notice(data), Close(1000)]

    def _on_custom_event(self, _: str, data: Data, _now: float) -> list[Effect]:
        return [HandCustomEvent(data)]

    def _on_answer(self, message_type: str, data: Data, _now: float) -> list[Effect]:
        return [Answer(message_type, data)]

    def _on_token_expiring(self, _: str, data: Data, _now: float) -> list[Effect]:
        return [TokenWanted(data.get("expires_at"))]

    _HANDLERS: ClassVar[Mapping[str, Callable[[Conversation, str, Data, float], list[Effect]]]] = {
        "registered": _on_registered,
        "realtime_event": _on_event,
        "position": _on_position,
        "resync": _on_resync,
        "status": _on_status,
        "pong": _on_pong,
        "error": _on_error,
        "custom_event": _on_custom_event,
        "token_expiring": _on_token_expiring,
        "subscribed": _on_answer,
        "unsubscribed": _on_answer,
        "broadcasted": _on_answer,
        "clients": _on_answer,
        "token_accepted": _on_answer,
    }

    def _register(self, subscriptions: list[Data]) -> Send:
        data: Data = {"app_name": self._app_name}
        if self._token is not None:
            data["token"] = self._token
        if self.position is not None:
            data["resume"] = as_resume(self.position)
        if subscriptions:
            data["subscribe"] = subscriptions
        return Send("register", data)


def _ping(number: int) -> Send:
    return Send("ping", {"n": number})
