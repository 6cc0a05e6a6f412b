"""Counts comparisons, and tells apart what can be wrong with an answer."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field


@dataclass
class Tally:
    """A check is one comparison of one fact for one viewer."""

    checks: int = 0
    leaks: list[str] = field(default_factory=list)
    """Shown or done, but must not be."""

    losses: list[str] = field(default_factory=list)
    """Must be shown or done, and is not."""

    differences: list[str] = field(default_factory=list)
    """Shown by one way and not by another, whatever the model says."""

    mistakes: list[str] = field(default_factory=list)
    """Shown or refused otherwise than documented, such as with another code."""

    @property
    def faults(self) -> list[str]:
        """All of them."""
        return [*self.leaks, *self.losses, *self.differences, *self.mistakes]

    def items(self, what: str, expected: Iterable[Hashable], found: Iterable[Hashable]) -> None:
        """A list, each of its items one check, and its length another: items may be told twice."""
        wanted, told = Counter(expected), Counter(found)
        self.checks += 1 + len(wanted | told)
        self.leaks += [f"{what}: {item}" for item in (told - wanted).elements()]
        self.losses += [f"{what}: {item}" for item in (wanted - told).elements()]

    def rights(self, what: str, expected: frozenset[str], found: frozenset[str]) -> None:
        """A set of permissions, as one check."""
        self.checks += 1
        if found - expected:
            self.leaks.append(f"{what}: {sorted(found - expected)}")
        elif expected - found:
            self.losses.append(f"{what}: {sorted(expected - found)}")

    def fact(self, what: str, expected: object, found: object) -> None:
        """A value; None: it is not shown."""
        self.checks += 1
        if expected == found:
            return
        column = self.leaks if expected is None else self.losses if found is None else self.mistakes
        column.append(f"{what}: {found!r}, not {expected!r}")

    def outcome(self, what: str, expected: frozenset[str], found: str) -> None:
        """What became of a write: the code of its refusal; empty: it was done. `expected`: any of these."""
        self.checks += 1
        if found in expected:
            return
        column = self.leaks if not found else self.losses if "" in expected else self.mistakes
        column.append(f"{what}: {found or 'done'}, not {' or '.join(sorted(expected)) or 'done'}")

    def alike(self, what: str, one: object, other: object) -> None:
        """The same thing asked for in two ways."""
        self.checks += 1
        if one != other:
            self.differences.append(f"{what}: {one!r} and {other!r}")

    def line(self) -> str:
        """For people."""
        return (
            f"{self.checks} checks, {len(self.leaks)} leaks, {len(self.losses)} losses, "
            f"{len(self.differences)} differences, {len(self.mistakes)} mistakes"
        )
