"""The charts. The same figures give the same SVG."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib import pyplot
from matplotlib.figure import Figure

from benchmarks.parts.contest import Contest
from benchmarks.parts.growth import LARGE_REACH, MANY_MEMBERSHIPS, OPERATIONS, Growth
from benchmarks.servers import MANDANT

matplotlib.use("Agg")
matplotlib.rcParams.update({"svg.hashsalt": "mandant", "svg.fonttype": "none", "font.size": 9})

_MANDANT_COLOUR = "#1f5fa8"
_OTHERS_COLOUR = "#b8c4d0"


def draw_operations(contests: Sequence[Contest], file: Path) -> None:
    """Requests a second: a panel for each operation, a bar for each contestant."""
    figure = pyplot.figure(figsize=(3 * len(contests), 4.2), layout="constrained")
    panels = figure.subplots(1, len(contests), sharey=True, squeeze=False)
    for panel, contest in zip(panels[0], contests, strict=True):
        found = contest.contestants
        names = list(found)[::-1]
        colours = [_MANDANT_COLOUR if name == MANDANT.name else _OTHERS_COLOUR for name in names]
        bars = panel.barh(names, [found[name].per_second for name in names], color=colours)
        panel.bar_label(bars, fmt="{:,.0f}", padding=3)
        panel.margins(x=0.2)
        panel.set_title(f"{contest.operation.title}, a second")
        panel.spines[["top", "right"]].set_visible(False)
    _save(figure, file)


def draw_growth(growth: Growth, file: Path) -> None:
    """Milliseconds in PostgreSQL by the number of accounts: a line for each operation."""
    figure, panel = pyplot.subplots(figsize=(7, 4), layout="constrained")
    sizes = [point.accounts for point in growth.points]
    for operation in OPERATIONS:
        taken = [point.operations[operation] for point in growth.points]
        panel.plot(sizes, taken, marker="o", label=operation.title.lower())
    for reach, label in (
        ("one_membership_ms", "one membership"),
        ("many_memberships_ms", f"{MANY_MEMBERSHIPS}"),
    ):
        points = [(point.accounts, getattr(point, reach)) for point in growth.points]
        known = [(accounts, value) for accounts, value in points if value is not None]
        panel.plot(*zip(*known, strict=True), marker="o", label=f"page, {LARGE_REACH:,} accounts by {label}")
    panel.set_xscale("log")
    panel.set_ylim(bottom=0)
    panel.set_xlabel("accounts in the database")
    panel.set_ylabel("median milliseconds in PostgreSQL")
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(frameon=False)
    _save(figure, file)


def _save(figure: Figure, file: Path) -> None:
    figure.savefig(file, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
