"""The pg-listener: numbers what was committed, and tells every gateway.

What it promises:

- **One sequencer in the world.** The session that holds the leadership lock is the session that sequences; a
  listener that lost it cannot write. Every other listener stands by, follows the log, and publishes the same events.
- **The table is the truth.** Notifications only say when to look; after every (re)connect the table is read first.
- **Without a hole, each once.** A listener publishes consecutive seqs of one epoch. What a gateway missed it asks
  for: from memory, else from the log, else it is told that the position has expired.
- **For ever.** A database that is away is tried again with backoff, and meanwhile the beats say so.

Modules: decisions in ``doorbell``, ``encoding``, ``replay``, ``roster``, ``feed``, ``database_status``; shells in
``sessions``, ``leadership``, ``sequencer``, ``standby``, ``wakeups``, ``archive``, ``hub``; put together in
``service``.
"""
