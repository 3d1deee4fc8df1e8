"""``wasla``, the command line: set up, look, scale and find out what is wrong.

One command a file in :mod:`services.cli.commands`. What they decide (the words of a filter, the verdicts of the
doctor, which worker to start) is pure and stands in files of its own; what they show goes to standard output, plain
when it is piped, and an error is one sentence on standard error. :mod:`services.cli.exits` lists the exit codes.
"""
