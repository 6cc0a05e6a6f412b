"""What the queries of the area share."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import strawberry

from authz.policy.permissions import Permission
from engine.base.field_errors import absent, forbidden
from engine.declare.connections import PageInfo
from engine.declare.paging import Window
from models.base.ids import AccountId, Kind, parse
from models.plans.tables import MOST_IN_A_CYCLE
from resolvers.block_list.reads import SeenPath, read_seen_path
from resolvers.statistics.periods import Days, days_of
from resolvers.statistics.totals import CURSOR
from schema.fields.addresses import in_a_query
from schema.fields.context import ContextInfo, principal_of

LONGEST_PAGE = 200

ACCOUNT = strawberry.argument(description="The account.")
DESCENDANTS = strawberry.argument(
    description="Whether the accounts below count too: those in which you have STATISTICS_READ."
)
SINCE = strawberry.argument(
    description="The first day, in each account's time zone; with the interval HOUR, in UTC."
)
UNTIL = strawberry.argument(description="The day after the last one: `2027-01-01` for the year 2026.")
FIRST = strawberry.argument(
    description=f"The number of rows from the start, or after `after`: 0 to {LONGEST_PAGE}, by default 20."
)
AFTER = strawberry.argument(description="A cursor of these rows. The page starts after it.")

LABEL = strawberry.argument(description="Only messages with this label. Upper and lower case are the same.")
CAMPAIGN = strawberry.argument(description="Only messages of this campaign.")
STREAM = strawberry.argument(description="Only messages of this stream.")
CHANNEL = strawberry.argument(description="Only messages of this channel.")
PREVIOUS_TOO = strawberry.argument(
    description="Whether the rows have the numbers of the period before too: as many months, if the period "
    "is of whole months, else as many days. Not together with `interval`."
)
BY = strawberry.argument(description="The dimensions that the rows are divided by.")
INTERVAL = strawberry.argument(description="The periods that the rows are divided by; by default none.")


async def read_path(info: ContextInfo, account_id: str) -> SeenPath:
    """The account and its tree. Raises NOT_FOUND and FORBIDDEN."""
    principal_of(info)
    key, reader = parse(Kind.ACCOUNT, account_id), info.context.reader
    path = None if key is None else await read_seen_path(reader, AccountId(key))
    if path is None:
        raise absent("NOT_FOUND", "accountId")
    if not path.may(Permission.STATISTICS_READ):
        raise forbidden(Permission.STATISTICS_READ)
    return path


def read_days(since: datetime.date, until: datetime.date) -> Days:
    """Raises BAD_USER_INPUT."""
    with in_a_query():
        return days_of(since, until)


def page_info(rows: Sequence[Mapping[str, Any]], page: Window) -> PageInfo:
    """Where the page stands. `rows`: of it, and one more where there is one."""
    shown = rows[: page.size]
    return PageInfo(
        has_next_page=len(rows) > page.size,
        has_previous_page=page.bounded,
        start_cursor=shown[0][CURSOR] if shown else None,
        end_cursor=shown[-1][CURSOR] if shown else None,
    )


def numbers_of(row: Mapping[str, Any], names: Sequence[str], prefix: str = "") -> dict[str, int]:
    """What GraphQL can hold of a row's numbers."""
    return {name: min(row[prefix + name], MOST_IN_A_CYCLE) for name in names}
