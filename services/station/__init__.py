"""The station demo: the acts of a louage station's counter, on the demo tables, for people to see events travel.

Not a process: the monitor serves its page and its few HTTP calls (``web``), ``wasla demo`` plays a day (``runner``).

Decisions, without clock or I/O: ``prices``, ``refusals`` (why an act is not done), ``days`` and ``departure_times``
(the busiest day, from a seed), ``tally`` (what was written and what arrived). Acts, each one transaction: ``arrivals``,
``sales``, ``cancellations``, ``departures``, ``transfers``, done at a ``desk``. Nothing here is needed for delivery.
"""
