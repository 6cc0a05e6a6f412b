"""Measures the statistics of a tree with 10,000 subaccounts."""

import asyncio
import time
import tracemalloc
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from statistics import median
from urllib.parse import urlencode

import asyncpg
from graphql import ExecutionResult, parse
from starlette.requests import Request
from starlette.types import Message

from benchmarks.data import Tree, global_id, open_trees
from benchmarks.database import own_database
from benchmarks.in_process import TimedReads, credentials_of, executor
from benchmarks.machine import CannotMeasure
from benchmarks.operations import Ask
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import rounded
from benchmarks.stage import Stage
from engine.compiled.sql_text import prepared
from engine.declare.far import TREE_VALUE
from engine.declare.paging import window
from models.statistics.tables import NUMBERS
from resolvers.statistics.asked import Asked, StatisticDimension, Whole
from resolvers.statistics.periods import Days, StatisticInterval
from resolvers.statistics.totals import totals
from server.database.connections import connect_as_application, data_connection
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees
from server.exports.statistics import PATH, StatisticsExport
from server.http.request import GraphQLRequest
from server.uploads.places import UploadPlaces

_MANY, _QUICK_MANY = 10_000, 500
_LABELS = 50
_ROUNDS = 60
_WARM_UPS = 10
_PAGE = 200
_LIMIT_MS = 100

# A hundred accounts below the master account, and all others below these.
_ACCOUNTS = """
INSERT INTO accounts (master_id, id, parent_id, name, status, sort_key, search_key)
SELECT $1, made.id, CASE WHEN n <= 100 THEN $1 ELSE parents.id END, 'Shop ' || n, 'ACTIVE',
  convert_to('shop ' || n, 'UTF8'), 'shop ' || n
FROM unnest($2::uuid[]) WITH ORDINALITY AS made (id, n)
JOIN unnest($2::uuid[]) WITH ORDINALITY AS parents (id, place) ON place = 1 + n % 100
"""
_CLOSURE = """
INSERT INTO account_closure (master_id, ancestor_id, descendant_id, depth)
SELECT account.master_id, ancestor_id, account.id, depth
FROM accounts AS account, LATERAL (VALUES
  (account.id, 0), (account.parent_id, 1), (CASE WHEN account.parent_id <> $1 THEN $1 END, 2)
) AS above (ancestor_id, depth)
WHERE account.master_id = $1 AND account.id = ANY ($2::uuid[]) AND ancestor_id IS NOT NULL
"""
_KEY = "period, starts_at, channel, stream, api_key_id, campaign_id, label"
_COLUMNS = f"(master_id, account_id, {_KEY}, {', '.join(NUMBERS)})"
_OWN = f"""
INSERT INTO statistics {_COLUMNS}
SELECT $1, made.id, 'MONTH', month, 'EMAIL', 'MARKETING', zeros, zeros, 'label ' || (n * 7 + label * 31) % $3,
  1000, 1000, 1, 990, 5, 5, 1, 400, 300, 50, 40, 3, 2, 10, 20000
FROM unnest($2::uuid[]) WITH ORDINALITY AS made (id, n), generate_series(0, 1) AS label,
  generate_series(timestamptz '2026-01-01Z', timestamptz '2026-12-01Z', interval '1 month') AS month,
  CAST('00000000-0000-0000-0000-000000000000' AS uuid) AS zeros
ORDER BY month, random()
"""
_BELOW = f"""
INSERT INTO subtree_statistics {_COLUMNS}
SELECT own.master_id, ancestor_id, {_KEY}, {", ".join(f"sum({name})" for name in NUMBERS)}
FROM statistics AS own
JOIN account_closure AS path ON path.master_id = own.master_id AND descendant_id = account_id AND depth > 0
WHERE own.master_id = $1
GROUP BY own.master_id, ancestor_id, {_KEY}
"""
_QUERY = f"""
query ($id: ID!) {{
  statistics(accountId: $id, since: "2026-01-01", until: "2027-01-01", by: [LABEL], interval: MONTH,
      includeDescendants: true, first: {_PAGE}) {{
    asOf nodes {{ startsOn label numbers {{ sent delivered uniqueOpens uniqueClicks cost }} }}
  }}
}}
"""


@dataclass(frozen=True)
class TreeStatistics:
    """Median milliseconds: of the far statement, and of the whole request without HTTP. `export`: of all
    accounts side by side."""

    accounts: int
    statement_ms: float
    request_ms: float
    export: "Export"

    def ratios(self) -> list[Ratio]:
        what = f"A year by month and label, {self.accounts:,} subaccounts"
        return [
            Ratio(f"{what}, in PostgreSQL: ms (at most {_LIMIT_MS})", f"{self.statement_ms:.1f}"),
            Ratio(f"The same by account as CSV, {self.export.rows:,} rows: s", f"{self.export.seconds:.1f}"),
        ]

    def table(self) -> Table:
        head = [f"{self.accounts:,} subaccounts: ms", "The statement in PostgreSQL", "The request"]
        file_ms = f"{self.export.seconds * 1000:,.0f}"
        file = f"as CSV: {self.export.rows:,} rows, {self.export.peak_mb:.1f} MB of memory"
        return Table(
            head,
            [
                ["By month and label", f"{self.statement_ms:.1f}", f"{self.request_ms:.1f}"],
                [f"By month, label and account {file}", "", file_ms],
            ],
        )

    def as_json(self) -> Mapping[str, object]:
        figures = rounded({"statement_ms": self.statement_ms, "request_ms": self.request_ms})
        export = {"rows": self.export.rows, **rounded({"seconds": self.export.seconds})}
        return {"accounts": self.accounts, **figures, "export": export | rounded({"mb": self.export.peak_mb})}


@dataclass(frozen=True)
class Export:
    """`seconds`: until the client has the last row; `peak_mb`: of Python's objects meanwhile."""

    rows: int
    seconds: float
    peak_mb: float


async def _tree_statistics(stage: Stage) -> TreeStatistics:
    many = _QUICK_MANY if stage.effort.quick else _MANY
    owner, application = await own_database(stage.addresses, "tree_statistics")
    await migrate(owner)
    await load_trees(owner, 1)
    connection = await asyncpg.connect(owner)
    try:
        (tree,) = await open_trees(connection, 1)
        await _fill(connection, tree, many)
    finally:
        await connection.close()
    statement = await _statement_seconds(application, tree)
    request = await _request_seconds(application, tree)
    return TreeStatistics(many, statement * 1000, request * 1000, await _export(application, tree))


async def _fill(connection: asyncpg.Connection, tree: Tree, many: int) -> None:
    ids = [
        row["id"] for row in await connection.fetch("SELECT uuidv7() AS id FROM generate_series(1, $1)", many)
    ]
    for statement in (_ACCOUNTS, _CLOSURE):
        await connection.execute(statement, tree.master_id, ids)
    await connection.execute(_OWN, tree.master_id, ids, _LABELS)
    await connection.execute(_BELOW, tree.master_id)
    await connection.execute("VACUUM (ANALYZE) accounts, account_closure, statistics, subtree_statistics")
    await connection.execute("CHECKPOINT")


async def _statement_seconds(application: str, tree: Tree) -> float:
    asked = Asked(
        days=Days(date(2026, 1, 1), date(2027, 1, 1)),
        by=[StatisticDimension.LABEL],
        interval=StatisticInterval.MONTH,
    )
    page = window(asked.order, {"first": _PAGE})
    sql = prepared(totals(Whole([tree.account_ids[0]], []), asked, page))
    connection = await data_connection(application)
    taken: list[float] = []
    try:
        async with connection.transaction():
            await connection.execute(f"SELECT mandant_enter_tree('{tree.master_id}')")
            statement = await connection.prepare(sql.sql)
            for _ in range(_ROUNDS):
                began = time.perf_counter()
                rows = await statement.fetch(*sql.bound({}, {TREE_VALUE: tree.master_id}))
                taken.append(time.perf_counter() - began)
    finally:
        await connection.close()
    if len(rows) <= _PAGE:
        raise CannotMeasure("The page of statistics is not full.")
    return median(taken[_WARM_UPS:])


async def _request_seconds(application: str, tree: Tree) -> float:
    database = connect_as_application(application, 1)
    reads = TimedReads(application)
    mandant, document = executor(database, reads), parse(_QUERY)
    ask = Ask(tree.owner_token, {"id": global_id(tree.account_ids[0])})
    request = GraphQLRequest(_QUERY, None, ask.variables)
    taken: list[float] = []
    try:
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            found = await mandant.reference(request, document, credentials_of(ask), "")
            taken.append(time.perf_counter() - began)
    finally:
        await reads.close()
        await database.dispose()
    if not isinstance(found, ExecutionResult) or len((found.data or {})["statistics"]["nodes"]) != _PAGE:
        raise CannotMeasure("The page of statistics is not full.")
    return median(taken[_WARM_UPS:])


async def _export(application: str, tree: Tree) -> Export:
    database, reads = connect_as_application(application, 1), TimedReads(application)
    places = UploadPlaces()
    endpoint = StatisticsExport(executor(database, reads), places)
    try:
        await _exported(endpoint, tree)
        began = time.perf_counter()
        rows = await _exported(endpoint, tree)
        seconds = time.perf_counter() - began
        tracemalloc.start()
        await _exported(endpoint, tree)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    finally:
        places.close()
        await reads.close()
        await database.dispose()
    return Export(rows, seconds, peak / 1_000_000)


async def _exported(endpoint: StatisticsExport, tree: Tree) -> int:
    """The number of rows of the file."""
    asked = {"accountId": global_id(tree.account_ids[0]), "since": "2026-01-01", "until": "2027-01-01"}
    asked |= {"by": "ACCOUNT,LABEL", "interval": "MONTH", "includeDescendants": "true"}
    token = f"Bearer {tree.owner_token}".encode()
    head = {"method": "GET", "path": PATH, "headers": [(b"authorization", token)]}
    scope = {"type": "http", "query_string": urlencode(asked).encode(), "client": ("127.0.0.1", 1), **head}
    lines = 0

    async def send(message: Message) -> None:
        nonlocal lines
        lines += message.get("body", b"").count(b"\r\n")

    response = await endpoint.respond(Request(scope))
    if response.status_code != HTTPStatus.OK:
        raise CannotMeasure(f"The export answers {bytes(response.body).decode()}")
    await response(scope, _nothing, send)
    return lines - 1


async def _nothing() -> Message:
    """The client stays connected, and sends nothing."""
    return await asyncio.Future()


PART = Part(
    "tree_statistics",
    "Statistics of a tree",
    f"How long PostgreSQL takes for the far statement of the first {_PAGE} rows of a year by month and "
    f"label, of a tree with {_MANY:,} subaccounts that each sent with two of {_LABELS} labels in every "
    "month: prepared, at one connection. And how long the request takes without HTTP, which first finds out "
    "what the viewer sees of the tree. And how long the file with all rows by month, label and account "
    "takes, with how much memory: one statement too.",
    _tree_statistics,
)
