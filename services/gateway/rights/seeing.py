"""What a view sees of an event: the event as it is, a part of it, another word for it, or nothing. Pure.

==========================  ================================================================================
the event                   told as
==========================  ================================================================================
a row that may be seen      itself, without the columns that may not
an update out of sight      ``DELETE`` of the former row
an update into sight        ``INSERT`` of the new row
an update of hidden         nothing, unless a business event that may be seen goes with it
columns alone
no row to judge by          ``resync`` of its table, where the view is bound to conditions (``TRUNCATE`` and
                            ``TEST`` concern everybody who may see the table)
==========================  ================================================================================

What is made is kept for a while by the event, the lens and the word for it, so that everybody with that lens shares
it: live clients, those that lag and those that resume.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum, auto
from typing import Final

import msgspec

from services.gateway.entries import Entry, resync
from services.gateway.frames import text_frame
from services.gateway.rights.epochs import epoch_told
from services.gateway.rights.readings import RawRow, Reading, Version
from services.gateway.rights.views import CLEAR, Lens, Sight, View
from shared.catalog import Catalog
from shared.events import CAPTURE_FAILED, TEST
from shared.protocol import NULL

MAX_KEPT_BYTES: Final = 8 * 1024 * 1024
"""What may be kept of encodings for all lenses together."""

_TOLD: Final = (
    *("event_type", "table", "id", "timestamp", "data", "seq", "channel", "business_event", "changed", "old"),
    *("origin", "tx"),
)
"""The fields of a ``realtime_event`` that views let through; a new one is not, until somebody has thought of it."""

_encode: Final = msgspec.json.Encoder().encode


class How(Enum):
    """The word for an event."""

    AS_IT_IS = auto()
    APPEARED = auto()
    VANISHED = auto()
    UNJUDGED = auto()


_EVENT_TYPES: Final = {How.APPEARED: "INSERT", How.VANISHED: "DELETE"}


class Vision:
    """Sees for every view. ``encoded`` counts what was made; ``epoch`` and the catalogue are told to it."""

    def __init__(self, *, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self.encoded = 0
        self._max_bytes = max_bytes
        self._bytes = 0
        self._epoch = ""
        self._catalog: Catalog | None = None
        self._kept: OrderedDict[tuple[int, Lens, How], Entry] = OrderedDict()

    def reset(self, epoch: str) -> None:
        """Another history begins: seqs mean other events."""
        self._epoch = epoch
        self._forget()

    def know(self, catalog: Catalog | None) -> None:
        """Take the catalogue, by which keys are told from other columns."""
        self._catalog = catalog
        self._forget()

    def see(self, view: View, glance: Glance) -> Entry | None:
        """Return what *view* sees of the event, None for nothing."""
        entry = glance.entry
        if entry.internal:
            return entry if view.internal else None
        sight = view.sight(entry.table, entry.channel)
        if sight is None:
            return None
        if entry.is_mark:
            return self._reload(view, glance.whole)
        if not sight.where and sight.lens == CLEAR:
            return entry
        how = _how(sight, glance.whole)
        if how is None:
            return None
        if how is How.UNJUDGED:
            return self._reload(view, glance.whole)
        if how is How.AS_IT_IS and sight.lens == CLEAR:
            return entry
        return self._made(sight.lens, how, glance.whole)

    def _reload(self, view: View, reading: Reading) -> Entry:
        """Tell a view to reload the table. That is rare, and each view has its own epoch: what is made is not kept."""
        self.encoded += 1
        entry = reading.entry
        data = resync("capture_failed", [entry.table], epoch_told(self._epoch, view), entry.seq)
        return _entry(reading, CAPTURE_FAILED, None, "resync", data)

    def _made(self, lens: Lens, how: How, reading: Reading) -> Entry:
        place = (reading.entry.seq, lens, how)
        made = self._kept.get(place)
        if made is None:
            made = self._kept[place] = self._make(lens, how, reading)
            self._bytes += made.size
            while self._bytes > self._max_bytes and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].size
        return made

    def _make(self, lens: Lens, how: How, reading: Reading) -> Entry:
        self.encoded += 1
        entry = reading.entry
        event_type = _EVENT_TYPES.get(how, entry.event_type)
        business_event = entry.business_event if how is How.AS_IT_IS and lens.business_events else None
        data: dict[str, object] = {name: reading.fields[name] for name in _TOLD if name in reading.fields}
        data |= {"event_type": event_type, "business_event": business_event, "id": self._id(lens, how, reading)}
        data |= _rows_told(lens, how, reading)
        return _entry(reading, event_type, business_event, "realtime_event", data)

    def _id(self, lens: Lens, how: How, reading: Reading) -> object:
        """Return the row's key as text; null where a part of it may not be told, or may be one that may not."""
        table = None if self._catalog is None else self._catalog.tables.get(reading.entry.table)
        key = None if table is None else table.key
        if lens.concealed and (not key or lens.concealed & set(key)):
            return None
        if how is How.VANISHED and reading.former is not None and (not key or set(key) & set(reading.changed)):
            return _key_text(reading.former, key)
        return reading.fields.get("id", NULL)

    def _forget(self) -> None:
        self._kept.clear()
        self._bytes = 0


class Glance:
    """An entry that is read when somebody must, and once."""

    __slots__ = ("_whole", "entry")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._whole: Reading | None = None

    @property
    def whole(self) -> Reading:
        """The reading."""
        if self._whole is None:
            self._whole = Reading(self.entry)
        return self._whole

    @property
    def versions(self) -> tuple[Version, ...]:
        """The rows that decide who sees the event: an update's former one, too, or a row could leave sight untold.

        None where every view that is bound to conditions is concerned, for what it may see cannot be judged.
        """
        if self.entry.is_mark or not self.whole.is_readable or self.whole.row is None:
            return ()
        if self.entry.event_type != "UPDATE":
            return (self.whole.row,)
        return () if self.whole.former is None else (self.whole.row, self.whole.former)


def _how(sight: Sight, reading: Reading) -> How | None:
    if not reading.is_readable:
        return How.UNJUDGED
    how = _judged(sight, reading) if sight.where else How.AS_IT_IS
    return None if how is How.AS_IT_IS and _is_no_news(sight.lens, reading) else how


def _judged(sight: Sight, reading: Reading) -> How | None:
    row, event_type = reading.row, reading.entry.event_type
    if row is None:
        return How.AS_IT_IS if event_type in ("TRUNCATE", TEST) else How.UNJUDGED
    is_seen = row.satisfies(sight.where)
    if event_type != "UPDATE":
        return How.AS_IT_IS if is_seen else None
    if reading.former is None:
        return How.UNJUDGED
    was_seen = reading.former.satisfies(sight.where)
    if is_seen:
        return How.AS_IT_IS if was_seen else How.APPEARED
    return How.VANISHED if was_seen else None


def _is_no_news(lens: Lens, reading: Reading) -> bool:
    """Tell whether an update changed nothing but what is hidden."""
    if not reading.changed or not lens.hidden.issuperset(reading.changed):
        return False
    return reading.entry.business_event is None or not lens.business_events


def _rows_told(lens: Lens, how: How, reading: Reading) -> dict[str, object]:
    is_update = how is How.AS_IT_IS and reading.entry.event_type == "UPDATE"
    version = reading.former if how is How.VANISHED else reading.row
    row = None if version is None or lens.metadata_only else _through(lens, version.raw)
    old = None if not is_update or reading.old is None or lens.metadata_only else _through(lens, reading.old)
    changed = [column for column in reading.changed if column not in lens.hidden] if is_update else None
    return {"data": row, "changed": changed, "old": old}


def _through(lens: Lens, row: RawRow) -> dict[str, object]:
    masks = dict(lens.masked)
    return {column: masks.get(column, value) for column, value in row.items() if column not in lens.hidden}


def _key_text(row: Version, key: tuple[str, ...] | None) -> str | None:
    """Return a key as the log writes it: one column's value as text, or the JSON array of several."""
    if not key or not all(column in row.raw for column in key):
        return None
    texts = [bytes(row.raw[column]).decode() for column in key]
    if len(key) > 1:
        return f"[{', '.join(texts)}]"
    value = row.get(key[0])
    return value if isinstance(value, str) else texts[0]


def _entry(reading: Reading, event_type: str, business_event: str | None, message_type: str, data: object) -> Entry:
    entry = reading.entry
    message = {"message_type": message_type, "data": data, "timestamp": reading.timestamp}
    return Entry(entry.seq, event_type, entry.table, entry.channel, business_event, False, text_frame(_encode(message)))
