"""Measures pages of contacts in PostgreSQL, in a small account and in the largest ones."""

import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median

import asyncpg
from graphql import parse

from benchmarks.data import Tree, global_id, open_trees
from benchmarks.database import own_database
from benchmarks.in_process import TimedReads, answer, executor
from benchmarks.machine import CannotMeasure
from benchmarks.operations import Ask
from benchmarks.parts.contacts_data import give_contacts
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import rounded
from benchmarks.stage import Stage
from resolvers.contacts.filters import NEWEST_FIRST
from server.database.connections import connect_as_application
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees
from server.graphql.runner import OperationRunner

_FEW, _MANY, _QUICK_MANY = 5_000, 5_000_000, 100_000
_PAGE = 50
_PAGES = 408
_WARM_UPS = 8
"""Pages before those that count."""
_PLACES = 20
"""So many pages are asked for, behind contacts drawn at random."""

_RARE = 'attribute: "code"'
_SE = 'attribute: "country", value: "SE"'
_HALF, _SMALL = "list: $half", "list: $small"


@dataclass(frozen=True)
class _Case:
    """A page's filter. `is_rare`: so few contacts match that only the first page is full."""

    title: str
    filter: str
    is_rare: bool = False

    @property
    def document(self) -> str:
        lists = "".join(f", ${name}: ID!" for name in ("half", "small") if f"${name}" in self.filter)
        arguments = ", ".join(filter(None, (f"first: {_PAGE}, after: $after", self.filter)))
        return (
            f"query ($id: ID!, $after: String{lists}) {{ account(id: $id) {{ contacts({arguments}) {{ "
            "nodes { id email externalId attributes } pageInfo { hasNextPage endCursor } } } }"
        )


_CASES = (
    _Case("All contacts", ""),
    _Case("Half of them, in a list", _HALF),
    _Case("A small list", _SMALL, is_rare=True),
    _Case("A frequent value", _SE),
    _Case("A rare attribute", _RARE, is_rare=True),
    _Case("A rare value", f'{_RARE}, value: "rare"', is_rare=True),
    _Case("A list, a frequent value", f"{_HALF}, {_SE}"),
    _Case("A list, a rare value", f'{_HALF}, {_RARE}, value: "rare"', is_rare=True),
    _Case("A small list, a frequent value", f"{_SMALL}, {_SE}", is_rare=True),
    _Case("The beginning of an address", 'emailPrefix: "person4"', is_rare=True),
)


@dataclass(frozen=True)
class Pages:
    """Median milliseconds of the far statement, by the case: in the small account and in the large one."""

    contacts: int
    milliseconds: Mapping[str, tuple[float, float]]

    def ratios(self) -> list[Ratio]:
        sizes = f"{self.contacts:,} contacts against {_FEW:,}"
        return [
            Ratio(f"Page of {_PAGE} in PostgreSQL, {sizes}: {title}", f"{large / small:.2f}")
            for title, (small, large) in self.milliseconds.items()
        ]

    def table(self) -> Table:
        head = [f"Page of {_PAGE}: ms", f"{_FEW:,} contacts", f"{self.contacts:,}", "Ratio"]
        rows = [
            [title, f"{small:.2f}", f"{large:.2f}", f"{large / small:.2f}"]
            for title, (small, large) in self.milliseconds.items()
        ]
        return Table(head, rows)

    def as_json(self) -> Mapping[str, object]:
        figures = {
            title: {**rounded({"small_ms": small, "large_ms": large}), "ratio": round(large / small, 2)}
            for title, (small, large) in self.milliseconds.items()
        }
        return {"contacts": self.contacts, **figures}


@dataclass(frozen=True)
class _Account:
    """An account in a database of its own, and its owner's requests. `cursors`: behind contacts that are all
    over it."""

    mandant: OperationRunner
    far: TimedReads
    tree: Tree
    lists: Mapping[str, str]
    cursors: Sequence[str]

    async def page(self, case: _Case, number: int) -> float:
        """How long the far statement took, in seconds. Raises CannotMeasure for a page that is not full."""
        values: dict[str, object] = {"id": global_id(self.tree.account_ids[0])}
        values |= {name: list_id for name, list_id in self.lists.items() if f"${name}" in case.document}
        values["after"] = None if case.is_rare else self.cursors[number % len(self.cursors)]
        ask = Ask(self.tree.owner_token, values)
        nodes = json.loads(await answer(self.mandant, case.document, parse(case.document), ask))
        if len(nodes["account"]["contacts"]["nodes"]) != _PAGE:
            raise CannotMeasure(f"{case.title}: a page is not full.")
        return self.far.taken[-1]


async def _contact_pages(stage: Stage) -> Pages:
    many = _QUICK_MANY if stage.effort.quick else _MANY
    async with _account(stage, "few", _FEW) as few, _account(stage, "many", many) as large:
        found = {case.title: await _medians_ms(case, few, large) for case in _CASES}
    return Pages(many, found)


async def _medians_ms(case: _Case, few: _Account, large: _Account) -> tuple[float, float]:
    """Page by page in turn, so that whatever else the machine does slows both alike."""
    taken = [[await account.page(case, number) for account in (few, large)] for number in range(_PAGES)]
    small, big = zip(*taken[_WARM_UPS:], strict=True)
    return median(small) * 1000, median(big) * 1000


@asynccontextmanager
async def _account(stage: Stage, name: str, count: int) -> AsyncIterator[_Account]:
    """In a new database on the same server."""
    owner, application = await own_database(stage.addresses, f"pages_{name}")
    await migrate(owner)
    await load_trees(owner, 1)
    connection = await asyncpg.connect(owner)
    try:
        (tree,) = await open_trees(connection, 1)
        half, small = await give_contacts(connection, tree.master_id, tree.account_ids[0], count)
        cursors = await _cursors(connection, count)
    finally:
        await connection.close()
    database = connect_as_application(application, 1)
    near, far = TimedReads(application), TimedReads(application, is_far=True)
    try:
        yield _Account(executor(database, near, far), far, tree, {"half": half, "small": small}, cursors)
    finally:
        await near.close()
        await far.close()
        await database.dispose()


async def _cursors(connection: asyncpg.Connection, count: int) -> list[str]:
    """Evenly from the newest to the oldest. Behind each of them a page of every kind is full."""
    step = count // (_PLACES + 2)
    numbers = [str(count - place * step) for place in range(1, _PLACES + 1)]
    rows = await connection.fetch("SELECT id FROM contacts WHERE external_id = ANY ($1)", numbers)
    written = [json.dumps([NEWEST_FIRST.tag, str(row["id"])]) for row in rows]
    return [base64.b64encode(each.encode()).decode() for each in written]


PART = Part(
    "contact_pages",
    "Pages of contacts",
    "How long PostgreSQL takes for the far statement of a page of 50 contacts, prepared, at one connection: "
    f"in an account of {_FEW:,} contacts and in a large one, each in a database of its own. Frequent filters "
    "are asked behind contacts all over the account, rare ones for their first page: as many contacts "
    "match in both accounts. Medians of 400 pages, in turn.",
    _contact_pages,
)
