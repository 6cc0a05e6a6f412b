"""Statistics of an account, or of a whole tree: as many statements, whatever is asked (R35, R57, R58, R84,
T35).

One, of the control plane, finds the accounts where the viewer has STATISTICS_READ. Another adds up all of
their rows in the data plane.
"""

import datetime
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Select, Uuid, any_, false, func, literal, select, true

from authz.policy.permissions import Permission
from authz.reach.reach import mask_of_account
from engine.database.snapshot import Reader
from engine.declare.paging import Window
from models.accounts.tables import Currency, account_closure, accounts
from models.accounts.trees import in_tree
from models.base.ids import AccountId
from resolvers.statistics.asked import Asked, RecipientsAsked, StatisticDimension, Whole
from resolvers.statistics.lines import LINE, lines
from resolvers.statistics.totals import CURSOR, totals, totals_of_recipients

_BATCH = 2_000
_LONGEST_SECONDS = 60


@dataclass(frozen=True)
class Found:
    """`as_of`: what was counted until then is added up. `rows`: of a page, and perhaps one more."""

    as_of: datetime.datetime
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Lines:
    """The same as lines of CSV."""

    as_of: datetime.datetime
    lines: Sequence[str]


async def read_accounts(reader: Reader, account_id: AccountId) -> list[AccountId]:
    """The account and those below it: those where the viewer has STATISTICS_READ."""
    below = _below(account_id).subquery()
    (row,) = await reader.rows(select(func.array_agg(below.c.id).label("ids")).where(below.c.is_seen))
    return [AccountId(id_) for id_ in row["ids"] or ()]


async def read_whole(reader: Reader, account_id: AccountId) -> Whole:
    """The same accounts together. Where an account is seen and the one above it is not, or the other way
    round, a part of the tree begins that is added or taken away."""
    below = _below(account_id).cte("below")
    above = below.alias("above")
    is_part = above.c.is_seen.is_(None) | (above.c.is_seen != below.c.is_seen)
    parts = (
        select(below.c.id, below.c.is_seen)
        .select_from(below.outerjoin(above, in_tree(above, below, id="parent_id")))
        .where(is_part)
    )
    rows = await reader.rows(parts)
    added = [AccountId(row["id"]) for row in rows if row["is_seen"]]
    return Whole(added, [AccountId(row["id"]) for row in rows if not row["is_seen"]])


def _below(account_id: AccountId) -> Select[Any]:
    """The account and those below it, each with whether the viewer has STATISTICS_READ there."""
    path, account = account_closure.alias(), accounts.alias()
    granted = mask_of_account(account)
    needed = literal(Permission.ACCOUNT_READ.bit | Permission.STATISTICS_READ.bit, BigInteger)
    is_seen = func.coalesce(granted.c.mask.op("&")(needed) == needed, false())
    return (
        select(account.c.master_id, account.c.id, account.c.parent_id, is_seen.label("is_seen"))
        .select_from(path.join(account, in_tree(path, account, descendant_id="id")).join(granted, true()))
        .where(path.c.ancestor_id == literal(account_id, Uuid))
    )


async def read_currency(reader: Reader, tree: uuid.UUID) -> Currency:
    """Of all amounts in the tree."""
    master = accounts.c
    is_master = master.master_id == literal(tree, Uuid), master.id == literal(tree, Uuid)
    (row,) = await reader.rows(select(master.currency).where(*is_master))
    return Currency(row["currency"])


async def read_statistics(
    reader: Reader, tree: uuid.UUID, of: Whole | Sequence[AccountId], asked: Asked, page: Window
) -> Found:
    """The statistics of these accounts of one tree."""
    return await _read(reader, tree, totals(of, asked, page))


async def read_lines(
    reader: Reader, tree: uuid.UUID, of: Whole | Sequence[AccountId], asked: Asked
) -> AsyncGenerator[Lines, None]:
    """All statistics of these accounts of one tree as CSV, batch by batch, by one statement that may take a
    minute. There is at least one batch. To be closed before anything else is read."""
    names = await _names(reader, of) if StatisticDimension.ACCOUNT in asked.by else {}
    statement = lines(of, asked, names, await read_currency(reader, tree))
    await reader.rows(select(func.set_config("statement_timeout", f"{_LONGEST_SECONDS}s", True)))
    # A little longer, so that only a silent database is given up.
    await reader.wait_up_to(_LONGEST_SECONDS + 1.0)
    async with aclosing(reader.far_batches(tree, statement, _BATCH)) as batches:
        async for rows in batches:
            yield Lines(rows[0]["as_of"], [row[LINE] for row in rows if row[LINE] is not None])


async def _names(reader: Reader, ids: Whole | Sequence[AccountId]) -> Mapping[AccountId, str]:
    """Of accounts that the viewer sees."""
    if isinstance(ids, Whole):
        raise TypeError("a whole tree is not divided by account")
    account = accounts.c
    statement = select(account.id, account.name).where(account.id == any_(literal(list(ids), ARRAY(Uuid))))
    return {AccountId(row["id"]): row["name"] for row in await reader.rows(statement)}


async def read_of_recipients(
    reader: Reader, tree: uuid.UUID, ids: Sequence[AccountId], asked: RecipientsAsked, page: Window
) -> Found:
    """The same by domain or country of the recipients."""
    return await _read(reader, tree, totals_of_recipients(ids, asked, page))


async def _read(reader: Reader, tree: uuid.UUID, statement: Select[Any]) -> Found:
    rows = await reader.far_rows(tree, statement, {})
    return Found(rows[0]["as_of"], [row for row in rows if row[CURSOR] is not None])
