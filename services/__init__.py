"""The processes, one package each: ``python -m services.<name>`` runs it."""
