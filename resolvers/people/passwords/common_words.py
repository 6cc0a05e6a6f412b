"""Common passwords, words and names: zxcvbn's lists.

Only the file with the lists is run. Importing the package would build its estimator, which takes 15 MiB and
is not used.
"""

import runpy
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution

_LISTS = "zxcvbn/frequency_lists.py"


@dataclass(frozen=True)
class CommonWords:
    """In lower case. `passwords` are of any length; `words` include words and names, and have at least the
    length that the caller asked for."""

    passwords: frozenset[str]
    words: frozenset[str]


@cache
def common_words(shortest: int) -> CommonWords:
    """The lists. A process reads them once, in about 50 ms."""
    path = distribution("zxcvbn").locate_file(_LISTS)
    lists: dict[str, list[str]] = runpy.run_path(str(path))["FREQUENCY_LISTS"]
    words = {word for listed in lists.values() for word in listed if len(word) >= shortest}
    return CommonWords(frozenset(lists["passwords"]), frozenset(words))
