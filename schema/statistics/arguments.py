"""What the queries of the area share."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import strawberry

from authz.policy.permissions import Permission
from engine.base.field_errors import BadArgument, absent, forbidden
from engine.database.snapshot import Reader
from engine.declare.connections import PageInfo
from engine.declare.paging import Window
from models.base.ids import AccountId, Kind, parse
from models.messages.tables import MessageChannel
from models.plans.tables import MOST_IN_A_CYCLE
from models.sending.tables import SendStream
from resolvers.block_list.reads import SeenPath, read_seen_path
from resolvers.inputs.labels import compared_label
from resolvers.statistics.asked import Asked, Filters, StatisticDimension, Whole
from resolvers.statistics.periods import Days, StatisticInterval, days_of
from resolvers.statistics.reads import read_accounts, read_whole
from resolvers.statistics.totals import CURSOR
from schema.fields.addresses import in_a_query
from schema.fields.context import ContextInfo, principal_of

LONGEST_PAGE = 200

ACCOUNT = strawberry.argument(description="The account.")
DESCENDANTS = strawberry.argument(
    description="Whether the accounts below count too: those in which you have STATISTICS_READ."
)
FIRST_DAY = strawberry.argument(description="The first day, in each account's time zone.")
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
RECIPIENTS = strawberry.argument(
    description="Only messages to this domain or country, as the rows have it: `example.com`, `SE`. Upper "
    "and lower case are the same."
)
DAYS_OR_MONTHS = strawberry.argument(
    description="DAY or MONTH: a row for each, the last one first; by default none."
)
BY = strawberry.argument(description="The dimensions that the rows are divided by.")
INTERVAL = strawberry.argument(description="The periods that the rows are divided by; by default none.")


async def read_path(info: ContextInfo, account_id: str) -> SeenPath:
    """The account and its tree. Raises UNAUTHENTICATED, NOT_FOUND and FORBIDDEN."""
    principal_of(info)
    return await find_path(info.context.reader, account_id)


async def find_path(reader: Reader, account_id: str) -> SeenPath:
    """The account and its tree, for a caller that is known. Raises NOT_FOUND and FORBIDDEN."""
    key = parse(Kind.ACCOUNT, account_id)
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


def read_asked(
    days: Days,
    by: Sequence[StatisticDimension],
    interval: StatisticInterval | None,
    label: str | None,
    campaign_id: str | None,
    stream: SendStream | None,
    channel: MessageChannel | None,
    *,
    with_previous: bool,
) -> Asked:
    """Raises NOT_FOUND and BAD_USER_INPUT."""
    check_previous(interval, with_previous=with_previous)
    filters = Filters(
        label=None if label is None else _label(label),
        campaign_id=None if campaign_id is None else _campaign(campaign_id),
        stream=stream,
        channel=channel,
    )
    return Asked(days=days, by=by, interval=interval, filters=filters, with_previous=with_previous)


def check_previous(interval: StatisticInterval | None, *, with_previous: bool) -> None:
    """Raise BAD_USER_INPUT for a comparison of single intervals."""
    if with_previous and interval is not None:
        raise BadArgument("Only without `interval`.", "comparedToPrevious")


def _label(text: str) -> str:
    with in_a_query():
        return compared_label(text)


def _campaign(text: str) -> uuid.UUID:
    found = parse(Kind.CAMPAIGN, text)
    if found is None:
        raise absent("NOT_FOUND", "campaignId")
    return found


async def read_accounts_asked(
    reader: Reader, path: SeenPath, asked: Asked, *, include_descendants: bool
) -> Whole | list[AccountId]:
    """Whose statistics are asked for."""
    if not include_descendants:
        return [path.account_id]
    if StatisticDimension.ACCOUNT in asked.by:
        return await read_accounts(reader, path.account_id)
    return await read_whole(reader, path.account_id)


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
