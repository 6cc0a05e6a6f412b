"""The results for people and programs: docs/benchmarks/ and the terminal."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.busy_tree import OTHERS, WRITERS
from benchmarks.growth import LARGE_REACH, MANY_MEMBERSHIPS
from benchmarks.operations import CONNECTIONS, Operation
from benchmarks.reporting.charts import draw_growth, draw_operations
from benchmarks.reporting.results import Results
from benchmarks.rounds import Figures
from benchmarks.servers import PLANNED_BY_DEFAULT

FOLDER = Path(__file__).parents[2] / "docs" / "benchmarks"

_METHOD = f"""
One process of each server on a core of its own; PostgreSQL and the load on the other core. {CONNECTIONS}
connections that are kept open, each with one request under way, drawn at random among 400 callers; 10
database connections over a unix socket; 1,000 trees of 21 accounts with 8 members each. Absolute figures
depend on the machine and on what else it does: ratios are what to look at.

- **Point read**: one account by id, four fields, with an API key. **Page**: a person's first 20 accounts,
  each with its parent, 8 members with role and person, and the viewer's permissions. **Write**: an account's
  name is changed, with its event, in one transaction that is kept on disk. **Transfer**: credit goes from a
  master account to one below it, or back, under a new idempotency key, with an event in either account.
- **pgbench** sends the very statements that Mandant sends, prepared, with the same values and over as many
  connections as a server has: what PostgreSQL itself can do. For the write and the transfer these are all
  statements of the transaction and those around it.
- **Reference path**: Mandant without its compiled reads.
- **Mercurius** with graphql-jit and its loaders. **Apollo Server** with data loaders. **PostGraphile** with
  views that hold the rules of visibility, and plans over them, because its generated schema has no list that
  is null for who may not see it. Each looks the token and its grants up in every request; its write is one
  transaction that authorizes, locks the account, changes it and logs. Mandant's locks the accounts above as
  well, and reads the rights once more behind the locks. Their transfer locks the two accounts, keeps the key,
  posts by the same function of the database and logs.
- All connections plan a statement once, whatever its values, the peers' too. **Planned by default**: the
  peers whose statements have arrays, as PostgreSQL plans where nobody says otherwise; these it plans anew for
  each request. Theirs is the third column of the ratios, and no other.
- All servers follow the same rules of visibility. Before measuring, they gave the same data to owners, keys
  and people of other roles, also for foreign accounts and refused writes; and to guests by a share with a
  hidden area, above closed links, with broken glass, with limited rights below, and to keys that were
  rotated, are bound to addresses, or may stop. The writes of each round were counted in the log of events.
- **Second wall**: Mandant as it is, and while row level security is off and nobody looks for the principal's
  trees; the same with pgbench, which is slowed by nothing else.
- **Cold**: CPU time of parsing, validating and compiling documents as large as the page's, no two alike.
- **Sends**: a list is uploaded as addresses and booked by one request, all of them new contacts; the bare
  INSERT is PostgreSQL's `INSERT ... SELECT` of the same rows from the same list into the same table. Medians
  of five, in turn, at one connection. Memory is the most that the server's process ever held.
- **Memory**: pages of accounts, no two alike, a quarter of them asked twice, from a server of its own. Of a
  connection, what PostgreSQL's process has for itself alone, beyond one that has just been opened.
- **Busy tree**: {OTHERS} clients, each of which books one send after the other in a tree of its own, alone
  and while {WRITERS} others do so in one account of another tree. A refused send was not booked.
- **Neighbours**: 4 clients of one caller, each of which reads an account and pauses for 5 milliseconds,
  beside a caller of another tree or none; medians over the rounds, each against the same round without it.
- **Growth**: how long PostgreSQL takes for Mandant's prepared statement at one connection, the median of 300
  in five turns. The ratios are to data of the smallest size that are kept beside and measured in the same
  turns. A tree's rows lie together at each size.
"""


def write(results: Results) -> None:
    """All files of docs/benchmarks/."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "results.json").write_bytes(orjson.dumps(results.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
    draw_operations(results, FOLDER / "operations.svg")
    draw_growth(results, FOLDER / "growth.svg")
    (FOLDER / "README.md").write_text(_page(results), encoding="utf-8")


def show(results: Results) -> None:
    """The tables, on the terminal."""
    console = Console()
    for title, header, rows in _tables(results):
        table = Table(*header, title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)


def _page(results: Results) -> str:
    effort = results.effort
    parts = [
        "# Benchmarks",
        f"Written by `make bench`: medians of {effort.rounds} rounds of {effort.seconds} seconds in turn.",
    ]
    for title, header, rows in _tables(results):
        parts += [f"## {title}", _markdown([header, ["---"] * len(header), *rows])]
        if title == _CONTEST:
            parts.append("![Requests a second](operations.svg)")
        elif title == _GROWTH:
            parts.append("![Latency by size](growth.svg)")
    parts += ["## How it is measured", _METHOD.strip()]
    parts += ["## Measured on", "\n".join(f"- {name}: {what}" for name, what in results.machine.items())]
    return "\n\n".join(parts) + "\n"


_ONE_MEMBERSHIP = f"Page of {LARGE_REACH:,} by one membership"
_MANY_MEMBERSHIPS = f"Page of {LARGE_REACH:,} by {MANY_MEMBERSHIPS}"
_RATIOS, _CONTEST, _GROWTH = "Ratios", "Requests a second", "Growth: milliseconds in PostgreSQL"
_SENDS = "Sends to a large list: seconds"
_MEMORY = "Memory: MB after many different queries of one caller"
_BUSY_TREE = "Busy tree"
_NEIGHBOURS = "Neighbours: one caller's point reads while another does its worst"


class _Table(NamedTuple):
    title: str
    head: list[str]
    rows: list[list[str]]


def _tables(results: Results) -> list[_Table]:
    operations = [f"{operation.title} (p50 / p99 ms)" for operation in Operation]
    ratios_head = [
        "Mandant",
        "against pgbench",
        "against the best peer",
        "against the best, planned by default",
    ]
    growth_head = ["Accounts", "Point read", "Page", _ONE_MEMBERSHIP, _MANY_MEMBERSHIPS]
    sends_head = [
        "Recipients",
        "Reservation",
        "Bare INSERT",
        "Preview",
        "Upload",
        "Peak memory of the server",
    ]
    memory_head = ["Different queries", "Server", "Server before", "Largest connection, beyond a fresh one"]
    busy_head = ["", "Sends a second", "p50 ms", "p99 ms", "Refused"]
    neighbours_head = ["What the other caller does", "p99 ms", "against nothing"]
    return [
        _Table(_RATIOS, ratios_head, [*_peer_ratios(results), *_own_ratios(results)]),
        _Table(_CONTEST, ["", *operations], list(_contest_rows(results))),
        _Table(_GROWTH, growth_head, list(_growth_rows(results))),
        _Table(_SENDS, sends_head, [_sends_row(results)]),
        _Table(_MEMORY, memory_head, [_memory_row(results)]),
        _Table(_BUSY_TREE, busy_head, list(_busy_tree_rows(results))),
        _Table(_NEIGHBOURS, neighbours_head, list(_neighbour_rows(results))),
    ]


def _peer_ratios(results: Results) -> Iterable[list[str]]:
    """Comparisons with other programs."""
    for operation in Operation:
        yield [
            operation.title,
            f"{results.against_pgbench(operation):.2f}",
            f"{results.against_best_peer(operation):.2f} ({results.best_peer(operation)})",
            f"{results.against_best_peer(operation, PLANNED_BY_DEFAULT):.2f}",
        ]


def _own_ratios(results: Results) -> Iterable[list[str]]:
    """Comparisons of Mandant with itself under other conditions: what is compared, and one figure."""
    for title, figure in _own_figures(results):
        yield [title, figure, "", ""]


def _own_figures(results: Results) -> Iterable[tuple[str, str]]:
    yield "Cold document", f"{results.cold_ms:.1f} ms"
    for operation, kept in results.wall.items():
        title = f"{operation.title} with the second wall, against without it"
        yield title, f"{kept.served:.2f} (in PostgreSQL {kept.in_postgresql:.2f})"
    smallest, largest = results.growth[0].accounts, results.growth[-1].accounts
    for name, field in (("Point read", "point_read_ms"), ("Small viewer's page", "page_ms")):
        growth = f"{results.growth_ratio(field):.2f}"
        yield f"{name}, {largest:,} accounts against {smallest:,}", growth
    sends, memory = results.sends, results.memory
    booked = f"Reservation of {sends.recipients:,}: times the bare INSERT ... SELECT"
    yield booked, f"{sends.against_bare:.2f}"
    repeated = f"Page, repeated after {memory.queries:,} different queries, against before"
    yield repeated, f"{memory.kept_speed:.2f}"
    beside = f"p99 of others' writes beside {WRITERS} writers in one tree, against without them"
    yield beside, f"{results.busy_tree.slower:.2f}"


def _contest_rows(results: Results) -> Iterable[list[str]]:
    for name in results.contest[Operation.POINT_READ]:
        yield [name, *(_figures(results.contest[operation][name]) for operation in Operation)]


def _figures(figures: Figures) -> str:
    if figures.median_ms is None or figures.p99_ms is None:
        return f"{figures.per_second:,.0f}"
    return f"{figures.per_second:,.0f} ({figures.median_ms:.1f} / {figures.p99_ms:.1f})"


def _sends_row(results: Results) -> list[str]:
    sends = results.sends
    seconds = (sends.reservation_seconds, sends.bare_seconds, sends.preview_seconds, sends.upload_seconds)
    memory = f"{sends.memory:.0f} MB; with 10,000: {sends.few_memory:.0f} MB"
    return [f"{sends.recipients:,}", *(f"{one:.2f}" for one in seconds), memory]


def _memory_row(results: Results) -> list[str]:
    memory = results.memory
    sizes = (memory.server, memory.fresh_server, memory.connection)
    return [f"{memory.queries:,}", *(f"{size:.0f}" for size in sizes)]


def _busy_tree_rows(results: Results) -> Iterable[list[str]]:
    found = results.busy_tree
    for name, writing in (
        (f"{OTHERS} others alone", found.alone),
        (f"{OTHERS} others beside the {WRITERS}", found.beside),
        (f"The {WRITERS} in one tree", found.busy),
    ):
        figures = (writing.per_second, writing.median_ms, writing.p99_ms)
        yield [name, *(f"{one:,.1f}" for one in figures), str(writing.refused)]


def _neighbour_rows(results: Results) -> Iterable[list[str]]:
    for attack, found in results.neighbours.items():
        yield [attack.value, f"{found.p99_ms:.1f}", f"{found.against_nothing:.2f}"]


def _growth_rows(results: Results) -> Iterable[list[str]]:
    for point in results.growth:
        small = [f"{point.point_read_ms:.2f}", f"{point.page_ms:.2f}"]
        large = [point.one_membership_ms, point.many_memberships_ms]
        yield [f"{point.accounts:,}", *small, *("" if value is None else f"{value:.2f}" for value in large)]


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
