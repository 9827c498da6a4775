"""The digest: a hash of what makes a model answer as it does.

For a function that is its text (without its decorators, since a status is no part of the
answer) and, of what it reaches through its globals and closures, wherever in it that is
named: functions and classes of the same project in the same way, the functions that a
decorator put around it, and values, the parameters of a fitted estimator or a compiled
pattern too. What packages installed beside it hold counts by name only. A comment inside a
function counts: the text is hashed, since bytecode differs between versions of Python.
"""

from mlsm._digest.files import digest_of_files
from mlsm._digest.pieces import digest_of

__all__ = ["digest_of", "digest_of_files"]
