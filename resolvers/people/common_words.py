"""What people choose first as a password: zxcvbn's lists of known passwords, words and names.

The lists alone are read, by the file that they are in: imported, the package would build its estimator, which
takes 15 MiB and is not used.
"""

import runpy
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution

_LISTS = "zxcvbn/frequency_lists.py"


@dataclass(frozen=True)
class CommonWords:
    """In lower case. `passwords`: of any length, as they were used; `words`: also words and names of at least
    the length that was asked for."""

    passwords: frozenset[str]
    words: frozenset[str]


@cache
def common_words(shortest: int) -> CommonWords:
    """The lists; read once in a process, in some 50 ms."""
    path = distribution("zxcvbn").locate_file(_LISTS)
    lists: dict[str, list[str]] = runpy.run_path(str(path))["FREQUENCY_LISTS"]
    words = {word for listed in lists.values() for word in listed if len(word) >= shortest}
    return CommonWords(frozenset(lists["passwords"]), frozenset(words))
