"""Who is let in: the gateway's door.

Decided without I/O: what a client presents and whether that is enough (:mod:`~.admission`, :mod:`~.tokens`,
:mod:`~.keyring`), what its handshake says (:mod:`~.handshake`), when it ends (:mod:`~.expiries`) and what was taken
back (:mod:`~.revocations`). :mod:`~.gatekeeper` holds all that for one gateway; :mod:`~.token_desk` and
:mod:`~.key_source` are loaded only where tokens are taken, :mod:`~.audit` writes down who was refused.
"""
