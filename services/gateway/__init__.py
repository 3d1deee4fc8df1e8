"""The gateway: what clients connect to.

One process holds one ring of recent events, framed once for everybody. A client is a cursor into it: readers that
are caught up share what is written, the others are served from where they stand. Decisions live in modules without
I/O (``intake``, ``ring``, ``matching``, ``delivery``, ``session``); ``connection``, ``feed`` and ``server`` move the
bytes.
"""
