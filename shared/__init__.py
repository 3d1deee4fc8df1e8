"""The vocabulary: what every process agrees on.

Nothing in here decides anything or keeps a connection. Messages, positions, close codes, settings and logging
live here, so that the listener, the gateways, the monitor and the command line speak of the same things by the
same names. The bus, the one part that moves bytes, has its own package, :mod:`shared.bus`.
"""
