"""What clients were told, and when they had asked."""

import time
from collections import Counter
from dataclasses import dataclass, field

LOST = "lost"
"""The connection ended before an answer."""
NOT_LET_IN = "not let in"
"""Nobody listened: nothing was sent."""


@dataclass(frozen=True)
class Told:
    """One answer. `code`: empty where it was answered as asked."""

    what: str
    asked_at: float
    code: str


@dataclass
class Answers:
    """All answers to some clients. Times are of the monotonic clock."""

    told: list[Told] = field(default_factory=list)

    def note(self, what: str, asked_at: float, code: str) -> None:
        """One more."""
        self.told.append(Told(what, asked_at, code))

    def codes(self, since: float = 0.0) -> Counter[str]:
        """How often each code was told to those who asked since then."""
        return Counter(told.code for told in self.told if told.asked_at >= since and told.code)

    def done(self, since: float) -> Counter[str]:
        """How often each kind of thing was done for those who asked since then."""
        return Counter(told.what for told in self.told if told.asked_at >= since and not told.code)

    def failed(self, what: str, since: float) -> set[str]:
        """The codes with which this kind of thing was refused."""
        return {told.code for told in self.told if told.asked_at >= since and told.what == what} - {""}

    @staticmethod
    def now() -> float:
        """The present moment."""
        return time.monotonic()
