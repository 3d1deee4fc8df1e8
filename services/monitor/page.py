"""The status page, in French, for the people of a station: three indicators, then what is behind them.

No script and nothing from elsewhere: it reloads itself, and its style is allowed by its hash. Whatever comes from
outside is escaped. An indicator is green only where something was measured.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

from services.monitor.roundtrip import Hop
from services.monitor.status import LineStatus, ProcessStatus, RealtimeStatus, Status

_SOURCE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
_STYLE = _SOURCE.partition("<style>")[2].partition("</style>")[0]
_TEMPLATE = Template(_SOURCE)

STYLE_HASH = f"sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}"
"""The page's style as a source expression of its content security policy (CSP level 3, section 2.3.1)."""

_PRESENCES = {"present": "présent", "late": "en retard", "lost": "perdu"}
_LINE_STATES = {
    "awaited": "attendue",
    "good": "bonne",
    "unheard": "jamais entendue",
    "silent": "silencieuse",
    "no_database": "sans base",
    "elsewhere": "autre historique",
    "behind": "en retard",
    "losing": "perd des événements",
}
_HOPS = {
    Hop.CONNECTED.label: "connexion WebSocket",
    Hop.CAPTURED.label: "écriture dans la base",
    Hop.SEQUENCED.label: "mise en séquence",
    Hop.PUBLISHED.label: "publication",
    Hop.GATEWAY.label: "passerelle",
    Hop.RECEIVED.label: "réception",
}


def render(status: Status) -> str:
    """Return the page."""
    return _TEMPLATE.substitute(
        title=escape(f"{'OK' if status.ready else 'ALERTE'} : Wasla temps réel"),
        machine=escape(status.machine),
        indicators="\n".join([_database(status), _websocket(status), _realtime(status)]),
        remarks=_remarks([*status.reasons, *status.warnings]),
        round_trip=_round_trip(status.realtime),
        processes=_table(
            ["Processus", "Présence", "État", "PID", "Entendu il y a", "Retard de boucle", "Redémarrages"],
            map(_process_cells, status.processes),
        ),
        lines=_table(
            ["Adresse", "Ligne", "Rôle", "Base", "Position", "Retard", "Entendu il y a"],
            map(_line_cells, status.lines),
        ),
        generated_at=escape(status.generated_at),
    )


def _database(status: Status) -> str:
    since = f"depuis {status.database.since}" if status.database.since else "pas encore mesuré"
    return _indicator("DB", status.database.up, since)


def _websocket(status: Status) -> str:
    return _indicator("WebSocket", status.websocket.up, "port des passerelles")


def _realtime(status: Status) -> str:
    realtime, event = status.realtime, status.last_event
    is_on = None if realtime.age is None and not realtime.late else not realtime.late
    probe = f"aller-retour mesuré il y a {_age(realtime.age)}" if realtime.age is not None else "aucun aller-retour"
    last = f"dernier événement il y a {_age(event.age)}" if event is not None else "aucun événement vu"
    return _indicator("Temps réel", is_on, f"{probe} ; {last}")


def _indicator(label: str, is_on: bool | None, detail: str) -> str:
    kind, word = ("unknown", "inconnu") if is_on is None else ("on", "ON") if is_on else ("off", "OFF")
    return f'<li class="{kind}"><strong>{escape(label)} : {word}</strong><small>{escape(detail)}</small></li>'


def _remarks(sentences: list[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<h2>À regarder</h2><ul>{items}</ul>" if items else ""


def _round_trip(realtime: RealtimeStatus) -> str:
    if realtime.seconds is None:
        return '<p class="note">aucun</p>'
    rows = [(_HOPS[hop], _milliseconds(seconds)) for hop, seconds in realtime.hops.items()]
    return _table(["Étape", "Durée"], [*rows, ("total", _milliseconds(realtime.seconds))])


def _process_cells(process: ProcessStatus) -> tuple[str, ...]:
    presence = _PRESENCES.get(process.presence, process.presence)
    lag = _milliseconds(process.loop_lag)
    return process.process, presence, process.state, str(process.pid), _age(process.age), lag, str(process.restarts)


def _line_cells(line: LineStatus) -> tuple[str, ...]:
    role = "-" if line.silent else "meneur" if line.leading else "en réserve"
    database = "joignable" if line.database_up else "injoignable"
    state = _LINE_STATES.get(line.state, line.state)
    return line.line, state, role, database, str(line.top_seq), str(line.behind), _age(line.age)


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return '<p class="note">aucun</p>'
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _age(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 86_400 else f"{seconds / 86_400:.0f} j"
