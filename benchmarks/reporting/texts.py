"""Figures as texts."""

from collections.abc import Mapping
from typing import Any

from benchmarks.quiet import TOO_BUSY
from benchmarks.turns import Figures
from benchmarks.writers import Writing

PER_SECOND_HEAD = ("", "Requests a second", "p50 ms", "p99 ms")

WRITING_HEAD = ("", "Writes a second", "p50 ms", "p99 ms", "Refused")


def writing_row(name: str, writing: Writing | None) -> list[str]:
    """A row under WRITING_HEAD. None: the machine was not quiet."""
    if writing is None:
        return [name, TOO_BUSY, "", "", ""]
    return [
        name,
        f"{writing.per_second:,.0f}",
        in_ms(writing.median_ms),
        in_ms(writing.p99_ms),
        str(writing.refused),
    ]


def per_second_row(name: str, figures: Figures) -> list[str]:
    """A row under PER_SECOND_HEAD."""
    return [name, f"{figures.per_second:,.0f}", in_ms(figures.median_ms), in_ms(figures.p99_ms)]


def in_ms(value: float | None) -> str:
    """Milliseconds; empty where there is no figure."""
    return "" if value is None else f"{value:.1f}"


def rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    """With three places behind the point, also inside."""
    return {name: _rounded(value) for name, value in figures.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return rounded(value)
    return round(value, 3) if isinstance(value, float) else value
