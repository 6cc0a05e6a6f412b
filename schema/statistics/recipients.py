"""Statistics by the domain or country of the recipients."""

import datetime
from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from authz.policy.permissions import Permission
from engine.base.field_errors import BadArgument
from engine.declare.paging import window
from engine.declare.selections import SHORTER_PAGE
from models.messages.tables import MessageChannel
from models.statistics.tables import NUMBERS_OF_RECIPIENTS
from resolvers.statistics.asked import STARTS, RecipientsAsked
from resolvers.statistics.periods import StatisticInterval
from resolvers.statistics.reads import read_accounts, read_of_recipients
from resolvers.statistics.totals import PREVIOUS
from schema.fields.context import ContextInfo
from schema.fields.marks import needs
from schema.statistics.arguments import (
    ACCOUNT,
    AFTER,
    CHANNEL,
    DAYS_OR_MONTHS,
    DESCENDANTS,
    FIRST,
    FIRST_DAY,
    LONGEST_PAGE,
    PREVIOUS_TOO,
    RECIPIENTS,
    UNTIL,
    check_previous,
    numbers_of,
    page_info,
    read_days,
    read_path,
)
from schema.statistics.types import MessageNumbers, RecipientStatistics, RecipientStatisticsPage


@strawberry.type
class RecipientStatisticsQuery:
    @strawberry.field(
        directives=needs(Permission.STATISTICS_READ),
        description="What became of messages by the domain of their e-mail addresses, or the country of "
        "their phone numbers, most messages first. It contains messages that Mandant sent itself: of others "
        "it knows no address. Those of a campaign come in as they are written, and count as of its start. "
        "What messages cost is told by `statistics` alone: the sends of a request have one price.",
        metadata={SHORTER_PAGE: LONGEST_PAGE},
    )
    async def recipient_statistics(
        self,
        info: ContextInfo,
        account_id: Annotated[strawberry.ID, ACCOUNT],
        since: Annotated[datetime.date, FIRST_DAY],
        until: Annotated[datetime.date, UNTIL],
        include_descendants: Annotated[bool, DESCENDANTS] = False,
        channel: Annotated[MessageChannel | None, CHANNEL] = None,
        recipients: Annotated[str | None, RECIPIENTS] = None,
        interval: Annotated[StatisticInterval | None, DAYS_OR_MONTHS] = None,
        compared_to_previous: Annotated[bool, PREVIOUS_TOO] = False,
        first: Annotated[int | None, FIRST] = None,
        after: Annotated[str | None, AFTER] = None,
    ) -> RecipientStatisticsPage | None:
        path, reader = await read_path(info, account_id), info.context.reader
        if interval is StatisticInterval.HOUR:
            raise BadArgument("Recipients are counted by day: DAY or MONTH.", "interval")
        check_previous(interval, with_previous=compared_to_previous)
        asked = RecipientsAsked(
            days=read_days(since, until),
            channel=channel,
            recipients=recipients,
            interval=interval,
            with_previous=compared_to_previous,
        )
        page = window(asked.order, {"first": first, "after": after}, LONGEST_PAGE)
        ids = [path.account_id]
        if include_descendants:
            ids = await read_accounts(reader, path.account_id)
        found = await read_of_recipients(reader, path.master_id, ids, asked, page)
        nodes = [_row(row, asked) for row in found.rows[: page.size]]
        return RecipientStatisticsPage(as_of=found.as_of, nodes=nodes, page_info=page_info(found.rows, page))


def _row(row: Mapping[str, Any], asked: RecipientsAsked) -> RecipientStatistics:
    starts = None if asked.interval is None else datetime.datetime.fromtimestamp(row[STARTS], datetime.UTC)
    return RecipientStatistics(
        channel=MessageChannel(row["channel"]),
        recipients=row["recipients"],
        starts_on=None if starts is None else starts.date(),
        numbers=MessageNumbers(**numbers_of(row, NUMBERS_OF_RECIPIENTS)),
        previous=MessageNumbers(**numbers_of(row, NUMBERS_OF_RECIPIENTS, PREVIOUS))
        if asked.with_previous
        else None,
    )
