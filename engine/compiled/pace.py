"""How long the statement of a plan takes."""

import math


class Pace:
    """How long a statement took lately, in seconds; the latest counts half. Infinite before the first time,
    when the database has to plan it."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = math.inf

    def note(self, seconds: float) -> None:
        """It took so long now."""
        known = self.seconds
        self.seconds = seconds if known == math.inf else (known + seconds) / 2
