"""How often something may happen in a minute, counted by this process alone: no statement asks for it.

It bounds what one link can be made to count. Network addresses do not matter: large mail providers follow all
links of their users from a few of them.
"""

import time
from collections import Counter
from collections.abc import Hashable

_MOST_SUBJECTS = 100_000
"""Each takes about 100 bytes. Beyond, counting begins anew."""


class PerMinute:
    """At most `most` times of each subject."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._minute = 0
        self._counts: Counter[Hashable] = Counter()

    def allows(self, subject: Hashable) -> bool:
        """Count once more, and say whether that is within the limit."""
        minute = int(time.monotonic()) // 60
        if minute != self._minute or len(self._counts) >= _MOST_SUBJECTS:
            self._minute = minute
            self._counts.clear()
        self._counts[subject] += 1
        return self._counts[subject] <= self._most
