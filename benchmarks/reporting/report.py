"""The results for people and programs: docs/benchmarks/ and the terminal."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.parts import part
from benchmarks.parts.contest import Contest
from benchmarks.parts.growth import Growth
from benchmarks.quiet import NOISE
from benchmarks.reporting.charts import draw_growth, draw_operations
from benchmarks.reporting.method import METHOD
from benchmarks.reporting.results import Result, Results

FOLDER = Path(__file__).parents[2] / "docs" / "benchmarks"
_NOT_MEASURED = "not measured"
_WIDTH = 110


def write(results: Results) -> None:
    """All files of docs/benchmarks/."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "results.json").write_bytes(orjson.dumps(results.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
    contests = [result.found for result in results.results if isinstance(result.found, Contest)]
    if contests:
        draw_operations(contests, FOLDER / "operations.svg")
    for result in results.results:
        if isinstance(result.found, Growth):
            draw_growth(result.found, FOLDER / "growth.svg")
    (FOLDER / "README.md").write_text(_page(results), encoding="utf-8")


def show(results: Results) -> None:
    """The tables, on the terminal."""
    console = Console()
    for result in results.results:
        if result.found is None:
            console.print(f"{result.part.title}: {_NOT_MEASURED}: {result.failure}")
        else:
            _print(console, result.part.title, result.found.table())
    _print(console, "Ratios", _ratios(results))
    _print(console, "Others on the machine", _others(results))
    for sentence in results.missing:
        console.print(sentence)


def _print(console: Console, title: str, found: part.Table) -> None:
    table = Table(*found.head, title=title)
    for row in found.rows:
        table.add_row(*row)
    console.print(table)


def _page(results: Results) -> str:
    effort = results.effort
    parts = [
        "# Benchmarks",
        f"Written by `make bench`: medians of {effort.rounds} rounds of {effort.seconds} seconds in turn.",
        "## Ratios",
        _markdown(_ratios(results)),
        *(f"**Missing.** {sentence}" for sentence in results.missing),
        "![Requests a second](operations.svg)",
    ]
    for result in results.results:
        parts += _section(result)
    parts += ["## How it is measured", METHOD]
    parts += [
        "## Others on the machine",
        f"Cores that others took while a part was measured. From {NOISE} on, a slow answer may be theirs.",
        _markdown(_others(results)),
        "## Measured on",
        "\n".join(f"- {name}: {what}" for name, what in results.machine.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _section(result: Result) -> Iterator[str]:
    yield f"## {result.part.title}"
    if result.found is None:
        yield f"{_NOT_MEASURED.capitalize()}: {result.failure}"
    else:
        yield _markdown(result.found.table())
        if isinstance(result.found, Growth):
            yield "![Latency by size](growth.svg)"
    yield textwrap.fill(
        f"{result.part.about} By itself: `make bench ONLY={result.part.name}`.",
        _WIDTH,
        break_on_hyphens=False,
    )


def _ratios(results: Results) -> part.Table:
    """Beside a figure stands what others took meanwhile, where that may have decided it."""
    rows = []
    for result in results.results:
        others = f"{result.others:.2f} cores" if result.others > NOISE else ""
        if result.found is None:
            rows.append([result.part.title, _NOT_MEASURED, others])
        else:
            rows += [[ratio.what, ratio.figure, others] for ratio in result.found.ratios()]
    return part.Table(["Mandant", "", "Others took"], rows)


def _others(results: Results) -> part.Table:
    rows = [[one.part.title, f"{one.others:.2f}", f"{one.seconds:.0f}"] for one in results.results]
    return part.Table(["", "Cores of others", "Seconds that it took"], rows)


def _markdown(table: part.Table) -> str:
    rows = [table.head, ["---"] * len(table.head), *table.rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
