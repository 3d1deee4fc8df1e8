"""The bus over NATS: a JetStream stream for what is sequenced, core NATS for everything else.

::

    listener ──wasla.events.<epoch>.<n>──▶ stream WASLA ──republished as wasla.live.<epoch>.<n>──▶ every gateway
             ──wasla.lines.<listener>────▶ beats, broadcasts, roster queries ──▶ every gateway
             ◀─wasla.desk.<listener>────── requests and notices; answers on wasla.inbox.<gateway>.>

The server republishes what it has stored, so a gateway hears each event once, however many listeners there are, and
what it missed it reads from the stream by position, without asking a listener. Whoever writes names the sequence the
stream must end at, so that of two writers one is refused: what is stored follows without a hole or says that it does
not. The truth is the log in the database: a stream that lost its end, or all of it, is filled again.

Modules: decisions in ``subjects``, ``backlog``, ``parts``, ``limits``; shells in ``connection``, ``stream``,
``writer``, ``reading``, ``desk``; the ends of the bus in ``publisher`` and ``subscriber``. Only these import ``nats``.
"""
