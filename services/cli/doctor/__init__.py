"""What is wrong and what to do: facts are gathered first, verdicts drawn from them afterwards.

:mod:`facts` holds what was seen, :mod:`verdicts` decides (pure), :mod:`examine_database` and :mod:`examine_machine`
look. Looking never fails: what could not be seen is a fact, too.
"""
