"""Statistics of an account, or of a whole tree: two statements, whatever is asked (R35, R57, R58, R84, T35).

The first one, of the control plane, finds the accounts where the viewer has STATISTICS_READ. The second one
adds up their rows in the data plane.
"""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Uuid, func, literal, select

from authz.policy.permissions import Permission, allows
from authz.reach.reach import readable_account
from engine.database.snapshot import Reader
from engine.declare.paging import Window
from models.accounts.tables import account_closure
from models.accounts.trees import in_tree
from models.base.ids import AccountId
from resolvers.statistics.asked import Asked, Filters
from resolvers.statistics.periods import Days
from resolvers.statistics.totals import CURSOR, totals, totals_of_recipients


@dataclass(frozen=True)
class Found:
    """`as_of`: what was counted until then is added up. `rows`: of a page, and perhaps one more."""

    as_of: datetime.datetime
    rows: Sequence[Mapping[str, Any]]


async def read_accounts(reader: Reader, account_id: AccountId) -> list[AccountId]:
    """The account and those below it: those where the viewer has STATISTICS_READ."""
    account, statement = readable_account()
    path = account_closure.alias()
    found = statement.join(path, in_tree(path, account, descendant_id="id")).where(
        path.c.ancestor_id == literal(account_id, Uuid),
        allows(statement.selected_columns["mask"], Permission.STATISTICS_READ),
    )
    (row,) = await reader.rows(select(func.array_agg(found.subquery().c.id).label("ids")))
    return [AccountId(id_) for id_ in row["ids"] or ()]


async def read_statistics(
    reader: Reader, tree: uuid.UUID, accounts: Sequence[AccountId], asked: Asked, page: Window
) -> Found:
    """The statistics of these accounts of one tree."""
    return await _read(reader, tree, totals(accounts, asked, page))


async def read_of_recipients(
    reader: Reader, tree: uuid.UUID, accounts: Sequence[AccountId], days: Days, filters: Filters, page: Window
) -> Found:
    """The same by domain or country of the recipients, most sends first."""
    return await _read(reader, tree, totals_of_recipients(accounts, days, filters, page))


async def _read(reader: Reader, tree: uuid.UUID, statement: Select[Any]) -> Found:
    rows = await reader.far_rows(tree, statement, {})
    return Found(rows[0]["as_of"], [row for row in rows if row[CURSOR] is not None])
