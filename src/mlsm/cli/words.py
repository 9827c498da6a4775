"""The words that people outside machine learning meet here first, for `mlsm --help`."""

from __future__ import annotations

__all__ = ["WORDS"]

WORDS = """\
words:
  lead           a person or company that may buy; one row of your data, with an id
  model          a rule, table or formula that turns what is known of a lead into a score
  version        which edition of a model; several can run side by side
  field          one thing a model needs to know of a lead, such as its number of employees
  active         the version whose score counts; one for each model
  draft          a version on trial: it runs and is kept, but decides nothing
  summary model  a model that looks at the scores of others and decides which one wins
  outcome        how it went: ok, abstained (does not apply), invalid (data missing or wrong),
                 error, timeout, crashed, skipped (something it needs failed)
  label          the band of a score, such as A, B, C
  reasons        what made a score what it is, field by field
  run            one scoring of a list of leads; every run is kept
  live, trial    live runs count for what sales sees; trial runs never do
  as-of          the date the models take for today, for recency and ages
  store          where runs and results are kept, with their history

exit codes: 0 all well, 1 you can mend it, 2 usage, 3 a bug in mlsm,
            4 finished but an active model failed too often, 130 interrupted, 143 terminated

example:
  mlsm demo                                 see everything once
  mlsm init my-scoring --example            begin a project of your own
  mlsm score leads.csv --id lead_id         score a file
"""
