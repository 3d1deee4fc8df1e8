"""Who may connect: what the gateways, the status page and our own tools agree on.

The key that clients present (:mod:`~shared.access.client_key`), which addresses need one
(:mod:`~shared.access.exposure`), which hosts and origins a browser may come by (:mod:`~shared.access.hosts`), and
certificates (:mod:`~shared.access.tls`). What a token must say is the gateway's own affair.
"""
