"""Statistics by the domain or country of the recipients."""

import datetime
from typing import Annotated

import strawberry

from authz.policy.permissions import Permission
from engine.declare.paging import window
from engine.declare.selections import SHORTER_PAGE
from models.messages.tables import MessageChannel
from models.statistics.tables import NUMBERS_OF_RECIPIENTS
from resolvers.statistics.asked import MOST_SENT_FIRST, Filters
from resolvers.statistics.reads import read_accounts, read_of_recipients
from schema.fields.context import ContextInfo
from schema.fields.marks import needs
from schema.statistics.arguments import (
    ACCOUNT,
    AFTER,
    CHANNEL,
    DESCENDANTS,
    FIRST,
    LONGEST_PAGE,
    SINCE,
    UNTIL,
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
        "their phone numbers, most sends first. It contains messages that Mandant sent itself: of others it "
        "knows no address.",
        metadata={SHORTER_PAGE: LONGEST_PAGE},
    )
    async def recipient_statistics(
        self,
        info: ContextInfo,
        account_id: Annotated[strawberry.ID, ACCOUNT],
        since: Annotated[datetime.date, SINCE],
        until: Annotated[datetime.date, UNTIL],
        include_descendants: Annotated[bool, DESCENDANTS] = False,
        channel: Annotated[MessageChannel | None, CHANNEL] = None,
        first: Annotated[int | None, FIRST] = None,
        after: Annotated[str | None, AFTER] = None,
    ) -> RecipientStatisticsPage | None:
        path, reader = await read_path(info, account_id), info.context.reader
        ids = [path.account_id]
        if include_descendants:
            ids = await read_accounts(reader, path.account_id)
        days, filters = read_days(since, until), Filters(channel=channel)
        page = window(MOST_SENT_FIRST, {"first": first, "after": after}, LONGEST_PAGE)
        found = await read_of_recipients(reader, path.master_id, ids, days, filters, page)
        nodes = [
            RecipientStatistics(
                channel=MessageChannel(row["channel"]),
                recipients=row["recipients"],
                numbers=MessageNumbers(**numbers_of(row, NUMBERS_OF_RECIPIENTS)),
            )
            for row in found.rows[: page.size]
        ]
        return RecipientStatisticsPage(as_of=found.as_of, nodes=nodes, page_info=page_info(found.rows, page))
