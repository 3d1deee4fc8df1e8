"""The monitor: watches this machine's processes and measures, from end to end, whether changes are delivered.

It hears a heartbeat a second from every process, restarts through supervisord what runs but has fallen silent,
sends a change of its own through trigger, sequencer, bus and gateway every few seconds, and tells on its own port
what it saw: pages, JSON, readiness and metrics. Nothing waits for the monitor: events flow on without it.

Decisions, without clock or I/O: ``ledger`` (who was heard), ``restarts`` (what hangs), ``roundtrip`` (is delivery
late, and at which hop), ``lines`` (the listeners' beats), ``figures`` (what the processes count), ``history`` and
``sampling`` (the last fifteen minutes), ``readiness``, ``status``, ``families`` (metrics of all processes in one
text). Shells: ``supervisor``, ``supervision``, ``hearing``, ``probe``, ``sampler``, ``files``, ``web``; and ``service``
puts them together. The pages are in ``assets``.
"""
