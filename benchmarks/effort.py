"""How long is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Rounds of `seconds`, each after `warm_seconds` that do not count; on so many `trees`, of which some are
    asked about. `quick`: smaller sizes of everything else too."""

    rounds: int
    warm_seconds: float
    seconds: int
    trees: int
    trees_asked: int
    quick: bool


QUICK = Effort(rounds=3, warm_seconds=0.5, seconds=1, trees=250, trees_asked=100, quick=True)
FULL = Effort(rounds=11, warm_seconds=0.5, seconds=2, trees=1000, trees_asked=400, quick=False)
