"""Rights: what a client may see and do, by a policy file.

A role of the file and a client's claims make a *view*, which says of every table what the client may see of it. Clients
with equal views form groups and share one encoding of each event; :mod:`services.gateway.rights.seeing` makes it.
"""
