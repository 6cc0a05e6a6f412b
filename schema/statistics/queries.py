"""Statistics of an account, and of all accounts below it."""

import datetime
import uuid
from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from authz.policy.permissions import Permission
from engine.declare.entity_objects import row_object
from engine.declare.paging import Window, window
from engine.declare.selections import SHORTER_PAGE
from models.accounts.tables import Currency
from models.base.ids import Kind
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from models.statistics.tables import NO_ID, NUMBERS_OF_RECIPIENTS
from resolvers.statistics.asked import STARTS, Asked, StatisticDimension
from resolvers.statistics.periods import StatisticInterval
from resolvers.statistics.reads import Found, read_currency, read_statistics
from resolvers.statistics.totals import PREVIOUS
from schema.fields.amounts import MicroAmount
from schema.fields.context import ContextInfo
from schema.fields.marks import needs
from schema.statistics.arguments import (
    ACCOUNT,
    AFTER,
    BY,
    CAMPAIGN,
    CHANNEL,
    DESCENDANTS,
    FIRST,
    INTERVAL,
    LABEL,
    LONGEST_PAGE,
    PREVIOUS_TOO,
    SINCE,
    STREAM,
    UNTIL,
    numbers_of,
    page_info,
    read_accounts_asked,
    read_asked,
    read_days,
    read_path,
)
from schema.statistics.types import MessageTotals, StatisticsPage, StatisticsRow


@strawberry.type
class StatisticsQuery:
    @strawberry.field(
        directives=needs(Permission.STATISTICS_READ),
        description="What became of the messages of an account, or of a whole tree, in a period: in all, or "
        "divided by what `by` and `interval` say. Rows come in the order of the interval, then of the "
        "dimensions. A combination for which nothing was counted has no row.",
        metadata={SHORTER_PAGE: LONGEST_PAGE},
    )
    async def statistics(
        self,
        info: ContextInfo,
        account_id: Annotated[strawberry.ID, ACCOUNT],
        since: Annotated[datetime.date, SINCE],
        until: Annotated[datetime.date, UNTIL],
        by: Annotated[list[StatisticDimension] | None, BY] = None,
        interval: Annotated[StatisticInterval | None, INTERVAL] = None,
        include_descendants: Annotated[bool, DESCENDANTS] = False,
        label: Annotated[str | None, LABEL] = None,
        campaign_id: Annotated[strawberry.ID | None, CAMPAIGN] = None,
        stream: Annotated[SendStream | None, STREAM] = None,
        channel: Annotated[MessageChannel | None, CHANNEL] = None,
        compared_to_previous: Annotated[bool, PREVIOUS_TOO] = False,
        first: Annotated[int | None, FIRST] = None,
        after: Annotated[str | None, AFTER] = None,
    ) -> StatisticsPage | None:
        path, reader = await read_path(info, account_id), info.context.reader
        asked = read_asked(
            read_days(since, until),
            by or (),
            interval,
            label,
            campaign_id,
            stream,
            channel,
            with_previous=compared_to_previous,
        )
        page = window(asked.order, {"first": first, "after": after}, LONGEST_PAGE)
        of = await read_accounts_asked(reader, path, asked, include_descendants=include_descendants)
        found = await read_statistics(reader, path.master_id, of, asked, page)
        return _shown(found, asked, page, await read_currency(reader, path.master_id))


def _shown(found: Found, asked: Asked, page: Window, currency: Currency) -> StatisticsPage:
    return StatisticsPage(
        as_of=found.as_of,
        currency=currency,
        nodes=[_row(row, asked) for row in found.rows[: page.size]],
        page_info=page_info(found.rows, page),
    )


def _row(row: Mapping[str, Any], asked: Asked) -> StatisticsRow:
    starts_at = None
    if asked.interval is not None:
        starts_at = datetime.datetime.fromtimestamp(row[STARTS], datetime.UTC)
    is_hour = asked.interval is StatisticInterval.HOUR
    stream, channel = row.get("stream"), row.get("channel")
    return row_object(
        StatisticsRow,
        {"account_id": row.get("account_id")},
        starts_on=None if starts_at is None or is_hour else starts_at.date(),
        starts_at=starts_at if is_hour else None,
        label=row.get("label") or None,
        campaign_id=_id(Kind.CAMPAIGN, row.get("campaign_id")),
        stream=None if stream is None else SendStream(stream),
        channel=None if channel is None else MessageChannel(channel),
        api_key_id=_id(Kind.API_KEY, row.get("api_key_id")),
        numbers=_totals(row),
        previous=_totals(row, PREVIOUS) if asked.with_previous else None,
    )


def _id(kind: str, value: uuid.UUID | None) -> strawberry.ID | None:
    return None if value is None or value == NO_ID else strawberry.ID(f"{kind}_{value}")


def _totals(row: Mapping[str, Any], prefix: str = "") -> MessageTotals:
    return MessageTotals(
        **numbers_of(row, (*NUMBERS_OF_RECIPIENTS, "orders"), prefix),
        cost=MicroAmount(row[f"{prefix}cost"]),
        revenue=MicroAmount(row[f"{prefix}revenue"]),
    )
