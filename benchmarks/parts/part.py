"""A part of the benchmark: something that is measured by itself, under a name."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from benchmarks.stage import Stage


class Table(NamedTuple):
    """Figures for people."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class Ratio(NamedTuple):
    """One figure that the part is judged by."""

    what: str
    figure: str


class Found(Protocol):
    """What a part has measured."""

    def ratios(self) -> Sequence[Ratio]:
        """The figures that it is judged by."""

    def table(self) -> Table:
        """All figures."""

    def as_json(self) -> Mapping[str, object]:
        """All figures for programs."""


@dataclass(frozen=True)
class Part:
    """`name`: as `--only` takes it, and the key in results.json. `about`: what is measured, and what not."""

    name: str
    title: str
    about: str
    measure: Callable[[Stage], Awaitable[Found]]
