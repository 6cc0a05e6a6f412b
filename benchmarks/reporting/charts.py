"""The charts. The same figures give the same SVG."""

from pathlib import Path

import matplotlib
from matplotlib import pyplot
from matplotlib.figure import Figure

from benchmarks.growth import LARGE_REACH, MANY_MEMBERSHIPS
from benchmarks.operations import Operation
from benchmarks.reporting.results import Results
from benchmarks.servers import MANDANT

matplotlib.use("Agg")
matplotlib.rcParams.update({"svg.hashsalt": "mandant", "svg.fonttype": "none", "font.size": 9})

_MANDANT_COLOUR = "#1f5fa8"
_OTHERS_COLOUR = "#b8c4d0"
_LINES = {
    "point_read_ms": "point read",
    "page_ms": "page, 21 accounts in reach",
    "one_membership_ms": f"page, {LARGE_REACH:,} accounts by one membership",
    "many_memberships_ms": f"page, {LARGE_REACH:,} accounts by {MANY_MEMBERSHIPS} memberships",
}


def draw_operations(results: Results, file: Path) -> None:
    """Requests a second: a panel for each operation, a bar for each server."""
    figure, panels = pyplot.subplots(1, len(Operation), figsize=(12, 3.8), layout="constrained", sharey=True)
    for panel, operation in zip(panels, Operation, strict=True):
        found = results.contest[operation]
        names = list(reversed(found))
        colours = [_MANDANT_COLOUR if name == MANDANT.name else _OTHERS_COLOUR for name in names]
        bars = panel.barh(names, [found[name].per_second for name in names], color=colours)
        panel.bar_label(bars, fmt="{:,.0f}", padding=3)
        panel.margins(x=0.2)
        panel.set_title(f"{operation.title}, requests a second")
        panel.spines[["top", "right"]].set_visible(False)
    _save(figure, file)


def draw_growth(results: Results, file: Path) -> None:
    """Milliseconds in PostgreSQL by the number of accounts: a line for each read."""
    figure, panel = pyplot.subplots(figsize=(7, 4), layout="constrained")
    for field, label in _LINES.items():
        points = [(point.accounts, getattr(point, field)) for point in results.growth]
        known = [(accounts, value) for accounts, value in points if value is not None]
        panel.plot(*zip(*known, strict=True), marker="o", label=label)
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
